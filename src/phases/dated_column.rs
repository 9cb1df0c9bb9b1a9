//! Holds a value for each security of a market, by slot, which follows from its class and sector and
//! so can differ on former days.

use std::collections::BTreeMap;

use crate::domain::{AssetClass, Day, Security};

/// One value for each security, by slot and day.
#[derive(Debug, Clone)]
pub(super) struct DatedColumn<T> {
    /// The current values, by slot.
    last: Vec<T>,
    /// The values before, each with the first day of the next one, ascending. Few securities have any.
    former: BTreeMap<usize, Vec<(Day, T)>>,
}

impl<T: Copy> DatedColumn<T> {
    /// Computes the values of securities that are in the order of their slots.
    pub(super) fn new(securities: &[Security], value: impl Fn(AssetClass, &str) -> T) -> Self {
        let mut former = BTreeMap::new();
        for (slot, security) in securities.iter().enumerate() {
            let values = security.former_attributes.iter().map(|former| {
                let attributes = &former.attributes;
                (former.until, value(attributes.class, &attributes.sector))
            });
            let values: Vec<_> = values.collect();
            if !values.is_empty() {
                former.insert(slot, values);
            }
        }
        let last = securities.iter();
        Self {
            last: last
                .map(|known| value(known.class, &known.sector))
                .collect(),
            former,
        }
    }

    /// Returns the value of a slot on a day.
    #[inline]
    pub(super) fn get(&self, slot: usize, day: Day) -> T {
        if self.former.is_empty() {
            return self.last[slot];
        }
        self.on(slot, day)
    }

    fn on(&self, slot: usize, day: Day) -> T {
        let mut former = self.former.get(&slot).into_iter().flatten();
        let found = former.find(|(until, _)| day < *until);
        found.map_or(self.last[slot], |(_, value)| *value)
    }
}
