//! Reads the facts that decide which cells a changed source affects.
//!
//! Create [`Facts`] after recording the change, so that it sees the new sources. A change after the
//! last day of the ledger affects nothing. That is the usual case of a nightly import, and costs
//! one comparison.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::affected_cells::AffectedCells;
use super::ownership::Ownership;
use super::read_once::get_or_read;
use super::received::ActionHistory;
use crate::domain::{
    Calendar, Currency, Day, DayRange, IdSet, PhaseCells, PhaseSet, PortfolioCalendar,
    PortfolioCalendars, PortfolioId, Security, SecurityId,
};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// The last day of the ledger, and the facts read so far. Facts are read on first use, since most
/// changes need none of them.
pub(super) struct Facts<'r> {
    pub(super) reading: &'r ReadTransaction<'r>,
    /// The configured calendar.
    calendar: &'r Calendar,
    /// The last day of the ledger; `None` if the ledger is empty.
    last_covered: Option<Day>,
    /// The sessions in force, ascending; read only if a change is not after the last covered day.
    in_force: OnceCell<Vec<Day>>,
    /// The facts that do not depend on sessions.
    shared: Rc<SharedFacts>,
}

/// Facts that are the same by the sessions of every calendar.
#[derive(Default)]
struct SharedFacts {
    securities: OnceCell<BTreeMap<SecurityId, Security>>,
    currencies: OnceCell<BTreeMap<PortfolioId, Currency>>,
    benchmark_and_factors: OnceCell<BTreeSet<SecurityId>>,
    actions: OnceCell<ActionHistory>,
    portfolio_calendars: OnceCell<PortfolioCalendars>,
    receivers_of_lots: OnceCell<IdSet>,
}

impl<'r> Facts<'r> {
    pub(super) fn new(
        reading: &'r ReadTransaction<'r>,
        calendar: &'r Calendar,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            reading,
            calendar,
            last_covered: reading.ledger().last_day()?,
            in_force: OnceCell::new(),
            shared: Rc::default(),
        })
    }

    /// Returns the facts as they will be when `calendar` is in force, as it is before the calendars
    /// that securities and portfolios name follow it.
    pub(super) fn under(
        reading: &'r ReadTransaction<'r>,
        calendar: &'r Calendar,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            in_force: OnceCell::from(calendar.all_sessions().to_vec()),
            ..Self::new(reading, calendar)?
        })
    }

    /// Returns the facts as they are by the sessions of a calendar that portfolios name.
    fn by_calendar(&self, own: &PortfolioCalendar) -> Result<Self, StoreError> {
        let sessions = own.pick(self.in_force()?);
        Ok(Self {
            reading: self.reading,
            calendar: self.calendar,
            last_covered: self.last_covered,
            in_force: OnceCell::from(sessions),
            shared: Rc::clone(&self.shared),
        })
    }

    /// Returns the cells that `find` finds by the sessions of their portfolio: by those of the
    /// database for statistics and for portfolios without a calendar, and by those of its calendar
    /// for another. Risk of a portfolio is affected by both: the statistics of its holdings are done
    /// with it.
    pub(super) fn affected(
        &self,
        find: impl Fn(&Self) -> Result<AffectedCells, StoreError>,
    ) -> Result<AffectedCells, StoreError> {
        let found = find(self)?;
        let calendars = get_or_read(&self.shared.portfolio_calendars, || {
            self.reading.security_calendars().of_portfolios_in_force()
        })?;
        // Most databases end here: no portfolio has a calendar.
        if calendars.is_empty() {
            return Ok(found);
        }
        // The lots of a receiver follow from the sessions of its givers, which may have another
        // calendar, so that what any calendar finds affects it.
        let receivers = get_or_read(&self.shared.receivers_of_lots, || {
            self.reading.entries().receivers_of_lots()
        })?;
        let mut affected = found.without_books(&(calendars.portfolios() - receivers));
        let all = self.in_force()?;
        for own in calendars.iter() {
            let facts = self.by_calendar(own)?;
            let found = find(&facts)?;
            let other = found.of_portfolios(&(receivers - &own.portfolios));
            affected = affected
                .union(found.of_portfolios(&own.portfolios))
                .union(other.between_sessions(facts.in_force()?, all));
        }
        Ok(affected)
    }

    /// Returns true if the ledger holds anything on `day` or after.
    pub(super) fn is_covered(&self, day: Day) -> bool {
        self.last_covered.is_some_and(|last| day <= last)
    }

    /// Notes that the sessions from a day on can have become unpriced, if the ledger holds anything
    /// there. Whether they have is for the next run to judge: more may change before.
    pub(super) fn check_unpriced_from(
        &self,
        writing: &WriteTransaction<'_>,
        day: Day,
    ) -> Result<(), StoreError> {
        match self.is_covered(day) {
            true => writing.check_unpriced_from(day),
            false => Ok(()),
        }
    }

    /// Returns true if a close of `day` can affect covered cells: closes of days that are not
    /// sessions are never used.
    pub(super) fn is_close_covered(&self, day: Day) -> Result<bool, StoreError> {
        Ok(self.is_covered(day) && self.in_force()?.binary_search(&day).is_ok())
    }

    /// Returns the covered cells of portfolios on `first` or later.
    pub(super) fn covered_cells(&self, first: Day) -> Result<PhaseCells, StoreError> {
        let range = self
            .last_covered
            .and_then(|last| DayRange::new(first, last).ok());
        Ok(match range {
            None => PhaseCells::new(),
            Some(range) => (self
                .reading
                .ledger()
                .coverage(range, PhaseSet::CELL_PHASES)?)
            .into_cells(),
        })
    }

    /// Returns the sessions in force from the one before `first` to the last of the ledger; empty
    /// if `first` is after the last covered day.
    pub(super) fn sessions(&self, first: Day) -> Result<&[Day], StoreError> {
        let Some(last) = self.last_covered.filter(|last| first <= *last) else {
            return Ok(&[]);
        };
        let sessions = self.in_force()?;
        let start = sessions.partition_point(|session| *session < first);
        let end = sessions.partition_point(|session| *session <= last);
        Ok(&sessions[start.saturating_sub(1)..end])
    }

    /// Returns the sessions by which the ledger was filled. Those of the configuration may differ.
    fn in_force(&self) -> Result<&Vec<Day>, StoreError> {
        get_or_read(&self.in_force, || {
            self.reading.calendar().sessions_in_force(self.calendar)
        })
    }

    /// Returns the ownership of a security by the portfolios that `is_relevant` accepts.
    pub(super) fn ownership<'s>(
        &self,
        security: SecurityId,
        sessions: &'s [Day],
        is_relevant: impl Fn(PortfolioId) -> bool,
    ) -> Result<Ownership<'s>, StoreError> {
        let actions = self.actions()?;
        let mut entries = actions.entries(self.reading, security, None)?;
        entries.retain(|movement| is_relevant(movement.transaction.portfolio));
        let splits = self.reading.splits().of_security(security)?;
        let mut owners = Ownership::new(sessions, entries, splits);
        for (received, first) in actions.received_for(&BTreeSet::from([security])) {
            let mut transfers = self.reading.entries().of_security(received)?;
            transfers.retain(|entry| entry.carries_lots_in() && entry.day >= first);
            owners.add_delivery(transfers);
        }
        Ok(owners)
    }

    /// Returns the corporate actions other than splits.
    pub(super) fn actions(&self) -> Result<&ActionHistory, StoreError> {
        get_or_read(&self.shared.actions, || ActionHistory::read(self.reading))
    }

    pub(super) fn security(&self, id: SecurityId) -> Result<&Security, StoreError> {
        let known = self.securities()?.get(&id);
        Ok(known.expect("the store refuses sources of a security that it does not have"))
    }

    pub(super) fn securities(&self) -> Result<&BTreeMap<SecurityId, Security>, StoreError> {
        get_or_read(&self.shared.securities, || {
            let securities = self.reading.securities().all()?.into_iter();
            Ok(securities.map(|security| (security.id, security)).collect())
        })
    }

    /// Returns the currencies of all portfolios.
    pub(super) fn currencies(&self) -> Result<&BTreeMap<PortfolioId, Currency>, StoreError> {
        get_or_read(&self.shared.currencies, || {
            let portfolios = self.reading.portfolios().all()?.into_iter();
            Ok(portfolios
                .map(|portfolio| (portfolio.id, portfolio.currency))
                .collect())
        })
    }

    /// Returns the securities of the stored risk model.
    pub(super) fn benchmark_and_factors(&self) -> Result<&BTreeSet<SecurityId>, StoreError> {
        get_or_read(&self.shared.benchmark_and_factors, || {
            let (_, model) = self.reading.risk_models().in_force()?;
            Ok(model.securities(self.securities()?.values()))
        })
    }
}
