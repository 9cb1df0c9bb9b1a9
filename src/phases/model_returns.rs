//! Finds the returns of the benchmark, and the reason that benchmark or factors have none.

use super::columns::Slot;
use super::market::Market;
use crate::domain::Absence;

impl Market {
    /// Returns the benchmark's returns over at most a year.
    ///
    /// # Errors
    ///
    /// The reason that there is not one return.
    pub(super) fn benchmark_returns(&self, session: usize) -> Result<&[f64], Absence> {
        let slot = self.benchmark().ok_or(Absence::NoBenchmark)?;
        let returns = self.year_of_returns(slot, session);
        match returns.is_empty() {
            false => Ok(returns),
            true if self.has_recent_close(slot, session) => Err(Absence::TooFewObservations),
            true => Err(Absence::UnpricedBenchmark),
        }
    }

    /// Returns the reason that no beta to the factors exists on a session, if one of them has no
    /// recent close.
    pub(super) fn factor_absence(&self, session: usize) -> Option<Absence> {
        let mut factors = self.factors().iter();
        let is_unpriced = factors.any(|slot| {
            self.return_count(*slot, session) == 0 && !self.has_recent_close(*slot, session)
        });
        is_unpriced.then_some(Absence::UnpricedFactor)
    }

    /// Returns whether the next session has a return even without a close.
    pub(super) fn has_recent_close(&self, slot: Slot, session: usize) -> bool {
        let last = self.as_of_slot(slot, session);
        last.is_some_and(|as_of| !as_of.is_outdated())
    }
}
