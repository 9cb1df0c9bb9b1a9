//! Finds out whether any portfolio holds a security at the end of a day.
//!
//! Reads the portfolios that traded the security one after the other, and stops at the first that
//! holds it: of a security with a million holders, one is read.

use std::collections::BTreeSet;

use crate::domain::{Day, DayRange, IdSet, PortfolioCalendars, PortfolioId, SecurityId, Split};
use crate::invalidation::{ActionHistory, holding_changes};
use crate::store::{ReadTransaction, StoreError};

/// The days on which a security is held, as far as they were needed.
pub(super) struct SecurityHolders {
    security: SecurityId,
    splits: Vec<Split>,
    /// The securities from which units can come, itself included.
    origins: BTreeSet<SecurityId>,
    /// Days on which a portfolio read so far holds the security, by the index of its own calendar:
    /// disjoint for each calendar, in no order.
    held: Vec<(Option<usize>, DayRange)>,
    /// The last portfolio that was read.
    last_read: Option<PortfolioId>,
    /// Set once every portfolio that traded the security was read.
    is_exhausted: bool,
    /// The days on which each portfolio holds the security, once all were needed.
    by_portfolio: Option<Vec<(PortfolioId, DayRange)>>,
}

impl SecurityHolders {
    /// Reads the splits of the security, and no portfolio yet.
    pub(super) fn new(
        reading: &ReadTransaction<'_>,
        actions: &ActionHistory,
        security: SecurityId,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            security,
            origins: actions.origins(security),
            splits: reading.splits().of_security(security)?,
            held: Vec::new(),
            last_read: None,
            is_exhausted: false,
            by_portfolio: None,
        })
    }

    /// Returns whether an active portfolio, within its lifecycle, holds the security at the end of
    /// `day`, a session of its calendar among `calendars`, if it has one.
    pub(super) fn is_held(
        &mut self,
        reading: &ReadTransaction<'_>,
        actions: &ActionHistory,
        calendars: &PortfolioCalendars,
        day: Day,
    ) -> Result<bool, StoreError> {
        let has_session = |calendar: Option<usize>| {
            let own = calendar.and_then(|at| calendars.iter().nth(at));
            own.is_none_or(|own| own.has_session(day))
        };
        let mut held = self.held.iter();
        if held.any(|(own, range)| range.contains(day) && has_session(*own)) {
            return Ok(true);
        }
        while !self.is_exhausted {
            let Some(portfolio) = self.next_after(reading, self.last_read)? else {
                self.is_exhausted = true;
                break;
            };
            self.last_read = Some(portfolio);
            let own = calendars.index_of(portfolio);
            let mut is_held = false;
            for range in self.held_by(reading, actions, portfolio)? {
                is_held |= range.contains(day) && has_session(own);
                self.add(own, range);
            }
            if is_held {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the active portfolios that, within their lifecycle, hold the security at the end of
    /// `day`. Reads every portfolio that traded it.
    pub(super) fn portfolios_on(
        &mut self,
        reading: &ReadTransaction<'_>,
        actions: &ActionHistory,
        day: Day,
    ) -> Result<IdSet, StoreError> {
        if self.by_portfolio.is_none() {
            let (mut all, mut last) = (Vec::new(), None);
            while let Some(portfolio) = self.next_after(reading, last)? {
                last = Some(portfolio);
                let ranges = self.held_by(reading, actions, portfolio)?.into_iter();
                all.extend(ranges.map(|range| (portfolio, range)));
            }
            self.by_portfolio = Some(all);
        }
        let all = self.by_portfolio.iter().flatten();
        let holding = all.filter(|(_, range)| range.contains(day));
        Ok(holding.map(|(portfolio, _)| portfolio.0).collect())
    }

    /// Returns the first portfolio after `last` that traded the security, or one for which it is
    /// received.
    fn next_after(
        &self,
        reading: &ReadTransaction<'_>,
        last: Option<PortfolioId>,
    ) -> Result<Option<PortfolioId>, StoreError> {
        let mut next: Option<PortfolioId> = None;
        for origin in &self.origins {
            let trading = reading.entries().next_trading(*origin, last)?;
            next = next.into_iter().chain(trading).min();
        }
        Ok(next)
    }

    /// Returns the days on which a portfolio holds the security within its lifecycle.
    fn held_by(
        &self,
        reading: &ReadTransaction<'_>,
        actions: &ActionHistory,
        portfolio: PortfolioId,
    ) -> Result<Vec<DayRange>, StoreError> {
        let Some(known) = reading.portfolios().get(portfolio)? else {
            return Ok(Vec::new());
        };
        let lifecycle = known.lifecycle;
        let closing_day = lifecycle.closing_day().unwrap_or(Day::MAX);
        let Some(alive) = DayRange::new(lifecycle.inception(), closing_day)
            .ok()
            .filter(|_| lifecycle.is_active())
        else {
            return Ok(Vec::new());
        };
        let entries = actions.entries(reading, self.security, Some(portfolio))?;
        let changes = holding_changes(entries, self.splits.iter().copied());
        let mut ranges = Vec::new();
        for (at, (start, is_held)) in changes.iter().enumerate() {
            let last = (changes.get(at + 1)).map_or(Day::MAX, |(end, _)| end.previous());
            if *is_held && let Ok(range) = DayRange::new(*start, last) {
                ranges.extend(range.intersection(alive));
            }
        }
        Ok(ranges)
    }

    /// Adds days to those that are held, and merges the ranges that overlap, so that a million
    /// former holders leave a few.
    fn add(&mut self, own: Option<usize>, mut range: DayRange) {
        self.held.retain(|(of, known)| {
            let overlaps = *of == own && known.intersection(range).is_some();
            if overlaps {
                range = known.hull(range);
            }
            !overlaps
        });
        self.held.push((own, range));
    }
}
