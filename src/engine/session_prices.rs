//! Finds the unpriced sessions: those on which most held securities have no close. A feed that
//! stopped must not look like a market of dead securities, so on such a session every cell waits and
//! no security comes closer to being given up.
//!
//! A security that is closed on a session by its own calendar does not count. A session on which all
//! held securities are closed, such as a Saturday, is unpriced if the session before it is.
//!
//! The securities of one calendar are counted by themselves too: if most of those that are held,
//! two or more, have no close, the session is unpriced for that calendar. The cells that hold its
//! securities wait, and none of them comes closer to being given up.
//!
//! The portfolios of the whole database decide, so that a session is the same for every scope. One
//! whose own calendar has no session on the day holds nothing on it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::security_holders::SecurityHolders;
use super::settings::Settings;
use crate::domain::{
    Calendar, Day, DayRange, IdSet, PortfolioCalendars, Security, SecurityCalendars, SecurityId,
};
use crate::invalidation::ActionHistory;
use crate::plan::{Plan, UnpricedSession};
use crate::store::{ReadTransaction, StoreError};

/// The fewest held securities of a calendar that show whether its feed stopped: a single one may as
/// well be late, or dead.
const MIN_HELD_OF_CALENDAR: usize = 2;

/// The unpriced sessions of a database, each found when it is first needed.
pub(super) struct SessionPrices<'r, 'c> {
    reading: &'r ReadTransaction<'c>,
    max_unpriced_share: f64,
    calendar: Calendar,
    calendars: SecurityCalendars,
    portfolio_calendars: PortfolioCalendars,
    /// The securities that can be held, and have a transaction or are received.
    traded: Vec<Security>,
    /// The securities with a calendar of their own.
    with_calendar: Vec<Security>,
    actions: ActionHistory,
    /// The same securities by the names of their calendars, if there is more than one.
    by_calendar: Vec<(String, Vec<Security>)>,
    holders: BTreeMap<SecurityId, SecurityHolders>,
    /// The counts of each session that is unpriced for all securities, or for those of a calendar.
    known: BTreeMap<(Day, Option<usize>), Option<Counts>>,
    /// The sessions on which all traded securities have a close, which no calendar needs to count.
    fully_priced: BTreeSet<Day>,
    /// The days whose prices an operator accepted as they are.
    accepted: Vec<DayRange>,
}

/// The numbers of held securities of which a close is expected.
#[derive(Debug, Clone, Copy)]
struct Counts {
    held: u32,
    missing: u32,
}

impl<'r, 'c> SessionPrices<'r, 'c> {
    /// Reads the securities, and no close yet.
    pub(super) fn new(
        reading: &'r ReadTransaction<'c>,
        settings: &Settings,
    ) -> Result<Self, StoreError> {
        let traded = reading.entries().traded_securities()?;
        let mut moved: BTreeSet<_> = traded.iter().map(SecurityId).collect();
        let actions = ActionHistory::read(reading)?;
        moved.extend(actions.received_for(&moved).into_keys());
        let mut traded = reading.securities().all()?;
        let with_calendar = traded.iter().filter(|security| security.calendar.is_some());
        let with_calendar = with_calendar.cloned().collect();
        traded.retain(|security| security.can_be_held() && moved.contains(&security.id));
        let mut by_calendar: BTreeMap<&str, Vec<Security>> = BTreeMap::new();
        for security in &traded {
            // A security without a calendar of its own has that of the database.
            let name = security.calendar.as_deref();
            let name = name.unwrap_or(settings.calendar.name());
            by_calendar.entry(name).or_default().push(security.clone());
        }
        let by_calendar: Vec<_> = match by_calendar.len() {
            // The counts of all securities are those of the calendar.
            0 | 1 => Vec::new(),
            _ => (by_calendar.into_iter())
                .map(|(name, securities)| (name.to_owned(), securities))
                .collect(),
        };
        let accepted = reading.accepted_prices().in_force()?.into_iter();
        Ok(Self {
            reading,
            max_unpriced_share: settings.price_wait.max_unpriced_share,
            calendar: settings.calendar.clone(),
            calendars: reading.security_calendars().current(&settings.calendar)?,
            portfolio_calendars: reading
                .security_calendars()
                .of_portfolios(&settings.calendar)?,
            traded,
            by_calendar,
            with_calendar,
            actions,
            holders: BTreeMap::new(),
            known: BTreeMap::new(),
            fully_priced: BTreeSet::new(),
            accepted: accepted.map(|accepted| accepted.decision.days).collect(),
        })
    }

    /// Returns the unpriced sessions among those on which `plan` has steps.
    pub(super) fn unpriced_sessions(
        &mut self,
        plan: &Plan,
    ) -> Result<BTreeMap<Day, UnpricedSession>, StoreError> {
        self.unpriced_among(plan.days_with_work().map(|planned| planned.day))
    }

    /// Returns the unpriced sessions among `sessions`.
    pub(super) fn unpriced_among(
        &mut self,
        sessions: impl Iterator<Item = Day>,
    ) -> Result<BTreeMap<Day, UnpricedSession>, StoreError> {
        let mut unpriced = BTreeMap::new();
        for day in sessions {
            if let Some(session) = self.unpriced(day)? {
                unpriced.insert(day, session);
            }
        }
        Ok(unpriced)
    }

    /// Returns whether an operator accepted the prices of a day as they are: none of its cells
    /// waits for a close.
    pub(super) fn is_accepted(&self, day: Day) -> bool {
        self.accepted.iter().any(|days| days.contains(day))
    }

    /// Returns the calendars that securities name.
    pub(super) const fn calendars(&self) -> &SecurityCalendars {
        &self.calendars
    }

    /// Returns the calendars that portfolios name.
    pub(super) const fn portfolio_calendars(&self) -> &PortfolioCalendars {
        &self.portfolio_calendars
    }

    /// Returns the securities with a close of their last session up to `day`: of `day`, or, if they
    /// are closed on it, of the last of `sessions` before on which they were not.
    pub(super) fn with_current_price(
        &self,
        day: Day,
        sessions: &[Day],
    ) -> Result<IdSet, StoreError> {
        let priced_on = |day| self.reading.closes().priced_securities(day);
        let mut current = priced_on(day)?;
        let sessions = &sessions[..sessions.partition_point(|session| *session <= day)];
        let mut earlier: BTreeMap<Day, IdSet> = BTreeMap::new();
        for security in &self.with_calendar {
            if current.contains(security.id.0) || !self.calendars.is_closed(security, day) {
                continue;
            }
            let Some(last) = self.calendars.last_open(security, sessions) else {
                continue;
            };
            let priced = match earlier.entry(last) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(priced_on(last)?),
            };
            if priced.contains(security.id.0) {
                current.insert(security.id.0);
            }
        }
        Ok(current)
    }

    /// Returns all sessions of the configured calendar, ascending.
    pub(super) fn all_sessions(&self) -> &[Day] {
        self.calendar.all_sessions()
    }

    /// Returns the sessions of the database up to `day`, ascending.
    fn sessions_until(&self, day: Day) -> &[Day] {
        let sessions = self.calendar.all_sessions();
        &sessions[..sessions.partition_point(|session| *session <= day)]
    }

    /// Returns the counts of a session if it is unpriced, for all securities or for those of a
    /// calendar.
    pub(super) fn unpriced(&mut self, day: Day) -> Result<Option<UnpricedSession>, StoreError> {
        if let Some(Counts { held, missing }) = self.counts(day, None)? {
            return Ok(Some(UnpricedSession {
                calendars: Vec::new(),
                held,
                missing,
            }));
        }
        let mut session = UnpricedSession::default();
        for at in 0..self.by_calendar.len() {
            if let Some(counts) = self.counts(day, Some(at))? {
                session.calendars.push(self.by_calendar[at].0.clone());
                session.held += counts.held;
                session.missing += counts.missing;
            }
        }
        Ok((!session.calendars.is_empty()).then_some(session))
    }

    /// Returns whether a session is unpriced for all securities, so that every cell of it waits.
    pub(super) fn does_every_cell_wait(&mut self, day: Day) -> Result<bool, StoreError> {
        Ok(self.counts(day, None)?.is_some())
    }

    /// Returns the portfolios that hold a security of the calendars of unpriced sessions, by session.
    /// Sessions on which every cell waits are left out.
    pub(super) fn holders_on(
        &mut self,
        unpriced: &BTreeMap<Day, UnpricedSession>,
    ) -> Result<BTreeMap<Day, IdSet>, StoreError> {
        let mut holders = BTreeMap::new();
        for (day, session) in unpriced {
            if session.calendars.is_empty() {
                continue;
            }
            let by_calendar = self.by_calendar.iter();
            let waiting = by_calendar.filter(|(name, _)| session.calendars.contains(name));
            let securities = waiting.flat_map(|(_, securities)| securities);
            let securities = securities.filter(|security| security.is_price_expected(*day));
            let securities: Vec<_> = securities.map(|security| security.id).collect();
            let mut ids = IdSet::new();
            for security in securities {
                ids |= self.holders_of(security, *day)?;
            }
            holders.insert(*day, ids);
        }
        Ok(holders)
    }

    /// Returns the held securities without an expected close of a session. `priced` have one.
    pub(super) fn held_without_close(
        &mut self,
        day: Day,
        priced: &IdSet,
    ) -> Result<Vec<SecurityId>, StoreError> {
        let lacking = self.traded.iter().filter(|security| {
            security.is_price_expected(day)
                && !priced.contains(security.id.0)
                && !self.calendars.is_closed(security, day)
        });
        let lacking: Vec<_> = lacking.map(|security| security.id).collect();
        let mut held = Vec::new();
        for security in lacking {
            if self.is_held(security, day)? {
                held.push(security);
            }
        }
        Ok(held)
    }

    /// Returns the active portfolios that hold a security at the end of a day.
    pub(super) fn holders_of(
        &mut self,
        security: SecurityId,
        day: Day,
    ) -> Result<IdSet, StoreError> {
        let (reading, actions) = (self.reading, &self.actions);
        let holders = entry(&mut self.holders, reading, actions, security)?;
        holders.portfolios_on(reading, actions, day)
    }

    /// Returns the counts of a session if it is unpriced for all securities, or for those of the
    /// calendar with this index.
    fn counts(&mut self, day: Day, calendar: Option<usize>) -> Result<Option<Counts>, StoreError> {
        if let Some(known) = self.known.get(&(day, calendar)) {
            return Ok(*known);
        }
        if self.fully_priced.contains(&day) {
            return Ok(None);
        }
        let found = self.find_unpriced(day, calendar)?;
        self.known.insert((day, calendar), found);
        Ok(found)
    }

    /// Returns whether more than `limit` of `sessions` are priced for a security: neither unpriced nor
    /// so for its calendar. Looks at the last ones first, and at no more than it needs.
    pub(super) fn has_more_priced(
        &mut self,
        security: SecurityId,
        sessions: &[Day],
        limit: usize,
    ) -> Result<bool, StoreError> {
        if sessions.len() <= limit {
            return Ok(false);
        }
        let mut calendars = self.by_calendar.iter();
        let own = calendars.position(|(_, all)| all.iter().any(|known| known.id == security));
        let mut priced = 0;
        for day in sessions.iter().rev() {
            let is_unpriced = self.counts(*day, None)?.is_some()
                || (own.is_some() && self.counts(*day, own)?.is_some());
            priced += usize::from(!is_unpriced);
            if priced > limit {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find_unpriced(
        &mut self,
        day: Day,
        calendar: Option<usize>,
    ) -> Result<Option<Counts>, StoreError> {
        if self.is_accepted(day) {
            return Ok(None);
        }
        let closes = self.reading.closes().priced_securities(day)?;
        let counted = calendar.map_or(&self.traded, |at| &self.by_calendar[at].1);
        let expected = counted.iter().filter(|s| s.is_price_expected(day));
        let (mut priced, mut missing, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        for security in expected {
            let group = match closes.contains(security.id.0) {
                true => &mut priced,
                false if self.calendars.is_closed(security, day) => &mut closed,
                false => &mut missing,
            };
            group.push(security.id);
        }
        // Most sessions end here or after a few priced securities, before the holders of the
        // missing ones are read.
        if missing.is_empty() && closed.is_empty() {
            if calendar.is_none() {
                self.fully_priced.insert(day);
            }
            return Ok(None);
        }
        let mut held_priced = 0;
        for id in priced {
            if self.is_held(id, day)? {
                held_priced += 1;
                if !self.is_above_share(missing.len(), missing.len() + held_priced) {
                    return Ok(None);
                }
            }
        }
        let mut held_missing = 0;
        for id in missing {
            held_missing += usize::from(self.is_held(id, day)?);
        }
        let held = held_priced + held_missing;
        if held == 0 && self.is_any_held(&closed, day)? {
            let before = self.sessions_until(day.previous()).last().copied();
            return before.map_or(Ok(None), |before| self.counts(before, calendar));
        }
        let is_feed = calendar.is_none() || held >= MIN_HELD_OF_CALENDAR;
        let is_unpriced = is_feed && self.is_above_share(held_missing, held);
        Ok(is_unpriced.then_some(Counts {
            held: held as u32,
            missing: held_missing as u32,
        }))
    }

    fn is_above_share(&self, missing: usize, held: usize) -> bool {
        missing as f64 > self.max_unpriced_share * held as f64
    }

    fn is_any_held(&mut self, securities: &[SecurityId], day: Day) -> Result<bool, StoreError> {
        for id in securities {
            if self.is_held(*id, day)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_held(&mut self, security: SecurityId, day: Day) -> Result<bool, StoreError> {
        let (reading, actions) = (self.reading, &self.actions);
        let holders = entry(&mut self.holders, reading, actions, security)?;
        holders.is_held(reading, actions, &self.portfolio_calendars, day)
    }
}

/// Returns the holders of a security, and begins to read them if they were not needed before.
fn entry<'h>(
    holders: &'h mut BTreeMap<SecurityId, SecurityHolders>,
    reading: &ReadTransaction<'_>,
    actions: &ActionHistory,
    security: SecurityId,
) -> Result<&'h mut SecurityHolders, StoreError> {
    Ok(match holders.entry(security) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(SecurityHolders::new(reading, actions, security)?),
    })
}
