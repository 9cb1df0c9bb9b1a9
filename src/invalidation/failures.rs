//! Forgets the failures of cells that an import, a calendar or a risk model may have repaired, so that
//! quarantined cells are tried again without `plimsoll retry`.
//!
//! Cells that failed are not in the ledger, so invalidation does not find them. Forgetting too many
//! failures costs an attempt each; forgetting too few would keep cells with fixed inputs out of
//! every run.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::read_once::get_or_read;
use super::received::ActionHistory;
use crate::domain::{
    Calendar, Day, Phase, PhaseSet, PortfolioId, RiskModel, Security, SecurityCalendars, SecurityId,
};
use crate::store::{Failure, ReadTransaction, StoreError, WriteTransaction};

/// The failed cells that a change touches.
pub(crate) struct TouchedCells<'r, 't> {
    reading: &'r ReadTransaction<'t>,
    /// The securities whose closes any portfolio may use.
    shared: BTreeSet<SecurityId>,
    /// The corporate actions of all securities, once they are needed.
    actions: OnceCell<ActionHistory>,
    /// The first touched day of each portfolio.
    first_days: BTreeMap<PortfolioId, Day>,
    /// The first day touched in all portfolios.
    all_from: Option<Day>,
    /// The phases touched on all days.
    phases: PhaseSet,
}

impl<'r, 't> TouchedCells<'r, 't> {
    fn new(reading: &'r ReadTransaction<'t>) -> Result<Self, StoreError> {
        Ok(Self {
            reading,
            shared: shared_securities(reading)?,
            actions: OnceCell::new(),
            first_days: BTreeMap::new(),
            all_from: None,
            phases: PhaseSet::default(),
        })
    }

    /// Adds the cells of portfolios, each from a day on.
    pub(crate) fn of_portfolios(&mut self, touched: impl IntoIterator<Item = (PortfolioId, Day)>) {
        for (portfolio, day) in touched {
            let first = self.first_days.entry(portfolio).or_insert(day);
            *first = day.min(*first);
        }
    }

    /// Adds the cells that may use a security, from a day on: those of portfolios that trade it,
    /// or all for a rate, an index, and the benchmark and factors of the risk model.
    pub(crate) fn of_security(
        &mut self,
        security: SecurityId,
        from: Day,
    ) -> Result<(), StoreError> {
        if self.shared.contains(&security) {
            self.of_all(from);
            return Ok(());
        }
        self.of_lots(security, from)
    }

    /// Adds the cells whose lots a security may decide, from a day on: those of portfolios that trade
    /// it or a security whose units become it, and of those that trade one received for it, because
    /// the lots that they transfer in can come from it.
    pub(crate) fn of_lots(&mut self, security: SecurityId, from: Day) -> Result<(), StoreError> {
        let actions = get_or_read(&self.actions, || ActionHistory::read(self.reading))?;
        let received = actions.received_for(&BTreeSet::from([security]));
        let origins = actions.origins(security).into_iter();
        for id in origins.chain(received.into_keys()) {
            let traders = self.reading.entries().portfolios_trading(id)?;
            self.of_portfolios(traders.into_iter().map(|portfolio| (portfolio, from)));
        }
        Ok(())
    }

    /// Adds the cells of a portfolio and those whose lots it may decide, from a day on.
    pub(crate) fn of_giver(&mut self, portfolio: PortfolioId, from: Day) -> Result<(), StoreError> {
        self.of_portfolios([(portfolio, from)]);
        if !self.reading.entries().has_counterparts()? {
            return Ok(());
        }
        let entries = self.reading.entries().of_portfolio(portfolio)?.into_iter();
        for security in entries
            .filter_map(|entry| entry.security)
            .collect::<BTreeSet<_>>()
        {
            self.of_lots(security, from)?;
        }
        Ok(())
    }

    /// Adds the cells that another risk model touches: statistics and risk on all days.
    pub(super) fn of_model(&mut self, model: &RiskModel) -> Result<(), StoreError> {
        if self.reading.risk_models().in_force()?.1 != *model {
            self.phases = self.phases.with(Phase::Securities).with(Phase::Risk);
        }
        Ok(())
    }

    /// Adds the cells that another calendar of the database touches, from the first session on that
    /// only one of the two has, and those that the calendars of securities and portfolios touch.
    pub(super) fn of_calendar(&mut self, configured: &Calendar) -> Result<(), StoreError> {
        let in_force = self.reading.calendar();
        if let Some(before) = in_force.sessions()?
            && let Some(first) = first_difference(Some(&before), Some(configured.all_sessions()))
        {
            self.of_all(first);
        }
        let per_year = in_force.sessions_per_year()?;
        if per_year.is_some_and(|per_year| per_year != configured.sessions_per_year()) {
            self.phases = self.phases.with(Phase::Securities).with(Phase::Risk);
        }
        let named = self.reading.security_calendars();
        self.of_named_calendars(&named.in_force()?, &named.current(configured)?)
    }

    /// Adds the cells that other sessions of calendars touch: of those that use securities that name
    /// them, and of the portfolios that do.
    pub(super) fn of_named_calendars(
        &mut self,
        was: &SecurityCalendars,
        now: &SecurityCalendars,
    ) -> Result<(), StoreError> {
        let changed = was.names().filter_map(|name| {
            let first = first_difference(was.named(name), now.named(name))?;
            Some((name, first))
        });
        let changed: BTreeMap<&str, Day> = changed.collect();
        if changed.is_empty() {
            return Ok(());
        }
        let first = |name: Option<&String>| changed.get(name?.as_str()).copied();
        for security in self.reading.securities().all()? {
            if let Some(first) = first(security.calendar.as_ref()) {
                self.of_security(security.id, first)?;
            }
        }
        for portfolio in self.reading.portfolios().all()? {
            if let Some(first) = first(portfolio.calendar.as_ref()) {
                self.of_giver(portfolio.id, first)?;
            }
        }
        Ok(())
    }

    fn of_all(&mut self, from: Day) {
        self.all_from = Some(self.all_from.map_or(from, |all_from| all_from.min(from)));
    }

    fn contains(&self, failure: &Failure) -> bool {
        let first = self.first_days.get(&failure.cell.portfolio).copied();
        let first = first.into_iter().chain(self.all_from).min();
        self.phases.contains(failure.phase) || first.is_some_and(|first| first <= failure.cell.day)
    }
}

/// Returns the first day that only one of two ascending lists has.
fn first_difference(was: Option<&[Day]>, now: Option<&[Day]>) -> Option<Day> {
    let [was, now] = [was, now].map(|days| days.unwrap_or_default());
    let same = was.iter().zip(now).take_while(|(was, now)| was == now);
    let at = same.count();
    was.get(at).into_iter().chain(now.get(at)).min().copied()
}

/// Returns the failures of the cells that `touch` adds. Without failures `touch` is not called.
pub(super) fn touched_failures<'r, 't>(
    reading: &'r ReadTransaction<'t>,
    touch: impl FnOnce(&mut TouchedCells<'r, 't>) -> Result<(), StoreError>,
) -> Result<Vec<Failure>, StoreError> {
    let mut failures = reading.failures().all()?;
    if failures.is_empty() {
        return Ok(failures);
    }
    let mut touched = TouchedCells::new(reading)?;
    touch(&mut touched)?;
    failures.retain(|failure| touched.contains(failure));
    Ok(failures)
}

/// Forgets the failures of the cells that `touch` adds. Without failures `touch` is not called.
pub(crate) fn forget_failures<'t>(
    writing: &WriteTransaction<'t>,
    touch: impl FnOnce(&mut TouchedCells<'_, 't>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for failure in touched_failures(writing, touch)? {
        writing.failures().forget(failure.cell, failure.phase)?;
    }
    Ok(())
}

/// Returns exchange rates, indices, and the benchmark and factors of the risk model.
fn shared_securities(reading: &ReadTransaction<'_>) -> Result<BTreeSet<SecurityId>, StoreError> {
    let (_, model) = reading.risk_models().in_force()?;
    let securities = reading.securities().all()?;
    let indexes = model.securities(&securities);
    let is_shared = |security: &&Security| {
        let mut classes = security.classes();
        classes.any(|class| !class.can_be_held()) || indexes.contains(&security.id)
    };
    Ok((securities.iter())
        .filter(is_shared)
        .map(|security| security.id)
        .collect())
}
