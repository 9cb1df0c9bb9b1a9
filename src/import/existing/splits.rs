//! The existing splits and stock dividends.

use std::collections::BTreeMap;
use std::ops::Bound;

use rust_decimal::Decimal;

use super::ExistingRecords;
use crate::domain::{Day, SecurityId, Split, SplitKind};

impl ExistingRecords {
    /// Adds splits. Files of actions and of prices need those of their symbols.
    #[must_use]
    pub fn with_splits(self, splits: impl IntoIterator<Item = Split>) -> Self {
        let splits = splits.into_iter().map(|split| (SplitKind::Split, split));
        self.with_recorded_splits(splits)
    }

    /// Adds splits and stock dividends.
    #[must_use]
    pub fn with_recorded_splits(
        mut self,
        splits: impl IntoIterator<Item = (SplitKind, Split)>,
    ) -> Self {
        for (kind, split) in splits {
            let days = self.splits.entry(split.security).or_default();
            days.insert((split.day, kind), split);
        }
        self
    }

    /// Returns the splits of a security, stock dividends included, in booking order.
    pub(in crate::import) fn splits_of(
        &self,
        security: SecurityId,
    ) -> impl Iterator<Item = &Split> {
        self.splits
            .get(&security)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    pub(in crate::import) fn split(
        &self,
        security: SecurityId,
        day: Day,
        kind: SplitKind,
    ) -> Option<Split> {
        self.splits.get(&security)?.get(&(day, kind)).copied()
    }

    /// Returns the combined ratio (units after, units before) of the splits after `after` up to
    /// `upto` inclusive; (1, 1) if there are none, `None` on overflow.
    pub(in crate::import) fn units_between(
        &self,
        security: SecurityId,
        after: Day,
        upto: Day,
    ) -> Option<(Decimal, Decimal)> {
        let unchanged = (Decimal::ONE, Decimal::ONE);
        let Some(splits) = self.splits.get(&security).filter(|_| after < upto) else {
            return Some(unchanged);
        };
        splits
            .range((
                Bound::Excluded((after, SplitKind::StockDividend)),
                Bound::Included((upto, SplitKind::StockDividend)),
            ))
            .try_fold(unchanged, |(new, old), (_, split)| {
                let new = new.checked_mul(Decimal::from(split.new))?;
                let old = old.checked_mul(Decimal::from(split.old))?;
                Some((new, old))
            })
    }
}
