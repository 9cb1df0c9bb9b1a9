//! Finds the amounts that a cell's books contain and that were moved at a price or rate older than
//! allowed.

use std::collections::BTreeSet;

use super::{OldMove, Search};
use crate::domain::output::{AgedMove, PriceInput};
use crate::domain::{Currency, Day, IdSet, Portfolio, PriceQuality, SecurityId};
use crate::phases::Conversion;
use crate::query::error::QueryError;
use crate::store::StoreError;

impl Search<'_> {
    /// Judges the aged prices and rates at which amounts of a portfolio were moved.
    pub(super) fn old_moves(
        &mut self,
        portfolio: &Portfolio,
        moves: &[AgedMove],
    ) -> Result<Vec<OldMove>, QueryError> {
        let mut judged = Vec::with_capacity(moves.len());
        for moved in moves {
            let old = self.old_input(portfolio, moved)?;
            judged.push(OldMove {
                size: moved.value.units().unsigned_abs(),
                old: old.filter(|(age, inputs)| *age > self.max_stale && !inputs.is_empty()),
            });
        }
        Ok(judged)
    }

    /// Returns the age of an aged price or rate, and the securities that make it.
    fn old_input(
        &mut self,
        portfolio: &Portfolio,
        moved: &AgedMove,
    ) -> Result<Option<(usize, Vec<SecurityId>)>, QueryError> {
        let age = match (moved.quality, moved.input) {
            (PriceQuality::Stale(age), _) => usize::from(age),
            // Without any close there is no age, as of a holding at cost.
            (PriceQuality::Cost | PriceQuality::None, PriceInput::Price(security)) => {
                self.sessions_held(portfolio.id, security, moved.day)?
            }
            _ => return Ok(None),
        };
        let inputs = match moved.input {
            PriceInput::Price(security) => {
                let known = self.security(security);
                let expected = known.filter(|known| known.is_price_expected(moved.day));
                expected.map(|known| known.id).into_iter().collect()
            }
            PriceInput::Rate(currency) => {
                self.old_pairs(currency, portfolio.currency, moved.day)?
            }
        };
        Ok(Some((age, inputs)))
    }

    /// Returns the pairs that convert `from` to `to` and were older than allowed on a day.
    fn old_pairs(
        &mut self,
        from: Currency,
        to: Currency,
        day: Day,
    ) -> Result<Vec<SecurityId>, QueryError> {
        let recent = self.priced_recently(day)?;
        let mut without_rate = self.conversions.without_rate(&recent);
        let conversion = without_rate.find(|of| (of.from(), of.to()) == (from, to));
        match conversion {
            Some(conversion) => Ok(self.pairs_of(conversion, &recent, day)?),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the pairs that could make the rate of a conversion as of `day`, but those with a
    /// `recent` close.
    pub(super) fn pairs_of(
        &self,
        conversion: &Conversion,
        recent: &IdSet,
        day: Day,
    ) -> Result<Vec<SecurityId>, StoreError> {
        // A rate is made of pairs that had a close. Others are not the ones to import.
        let mut known = BTreeSet::new();
        for pair in conversion.securities() {
            if self.had_close(pair, day)? {
                known.insert(pair);
            }
        }
        let mut pairs = conversion.securities_with(|pair| known.contains(&pair));
        pairs.retain(|pair| !recent.contains(pair.0));
        Ok(pairs)
    }

    /// Returns whether a security ever had a close, up to `day`.
    fn had_close(&self, security: SecurityId, day: Day) -> Result<bool, StoreError> {
        let closes = self.reading.closes();
        let Some(priced) = closes.priced_range()? else {
            return Ok(false);
        };
        let sessions = self.calendar.all_sessions();
        let first = sessions.partition_point(|session| *session < priced.first());
        let end = sessions.partition_point(|session| *session <= day);
        let latest_first: Vec<Day> = sessions[first.min(end)..end]
            .iter()
            .rev()
            .copied()
            .collect();
        Ok(closes.first_on(security, &latest_first)?.is_some())
    }
}
