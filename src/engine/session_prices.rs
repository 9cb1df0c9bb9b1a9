//! Finds the unpriced sessions: those on which most held securities have no close. A feed that
//! stopped must not look like a market of dead securities, so on such a session every cell waits and
//! no security comes closer to being given up.
//!
//! The portfolios of the whole database decide, so that a session is the same for every scope.

use std::collections::BTreeMap;

use super::security_holders::SecurityHolders;
use super::settings::PriceWait;
use crate::domain::{Day, DayRange, Security, SecurityId};
use crate::plan::{Plan, UnpricedSession};
use crate::store::{ReadTransaction, StoreError};

/// The unpriced sessions of a database, each found when it is first needed.
pub(super) struct SessionPrices<'r, 'c> {
    reading: &'r ReadTransaction<'c>,
    max_unpriced_share: f64,
    /// The securities that can be held and have a transaction.
    traded: Vec<Security>,
    holders: BTreeMap<SecurityId, SecurityHolders>,
    known: BTreeMap<Day, Option<UnpricedSession>>,
    /// The days whose prices an operator accepted as they are.
    accepted: Vec<DayRange>,
}

impl<'r, 'c> SessionPrices<'r, 'c> {
    /// Reads the securities, and no close yet.
    pub(super) fn new(
        reading: &'r ReadTransaction<'c>,
        price_wait: &PriceWait,
    ) -> Result<Self, StoreError> {
        let has_transactions = reading.entries().traded_securities()?;
        let mut traded = reading.securities().all()?;
        traded
            .retain(|security| security.can_be_held() && has_transactions.contains(security.id.0));
        let accepted = reading.accepted_prices().in_force()?.into_iter();
        Ok(Self {
            reading,
            max_unpriced_share: price_wait.max_unpriced_share,
            traded,
            holders: BTreeMap::new(),
            known: BTreeMap::new(),
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

    /// Returns the counts of a session if it is unpriced.
    pub(super) fn unpriced(&mut self, day: Day) -> Result<Option<UnpricedSession>, StoreError> {
        if let Some(known) = self.known.get(&day) {
            return Ok(*known);
        }
        let found = self.find_unpriced(day)?;
        self.known.insert(day, found);
        Ok(found)
    }

    /// Returns whether more than `limit` of `sessions` are priced. Looks at the last ones first, and
    /// at no more than it needs.
    pub(super) fn has_more_priced(
        &mut self,
        sessions: &[Day],
        limit: usize,
    ) -> Result<bool, StoreError> {
        if sessions.len() <= limit {
            return Ok(false);
        }
        let mut priced = 0;
        for day in sessions.iter().rev() {
            if self.unpriced(*day)?.is_none() {
                priced += 1;
            }
            if priced > limit {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find_unpriced(&mut self, day: Day) -> Result<Option<UnpricedSession>, StoreError> {
        if self.is_accepted(day) {
            return Ok(None);
        }
        let closes = self.reading.closes().priced_securities(day)?;
        let expected = self.traded.iter().filter(|s| s.is_price_expected(day));
        let (priced, missing): (Vec<_>, Vec<_>) = expected
            .map(|security| security.id)
            .partition(|id| closes.contains(id.0));
        // Most sessions end here or after a few priced securities, before the holders of the
        // missing ones are read.
        if missing.is_empty() {
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
        Ok(self
            .is_above_share(held_missing, held)
            .then_some(UnpricedSession {
                held: held as u32,
                missing: held_missing as u32,
            }))
    }

    fn is_above_share(&self, missing: usize, held: usize) -> bool {
        missing as f64 > self.max_unpriced_share * held as f64
    }

    fn is_held(&mut self, security: SecurityId, day: Day) -> Result<bool, StoreError> {
        let holders = match self.holders.entry(security) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(SecurityHolders::new(self.reading, security)?)
            }
        };
        holders.is_held(self.reading, day)
    }
}
