//! Compounds the session returns of a portfolio to months.

use std::collections::BTreeMap;

use chrono::Datelike;
use serde::Serialize;

use super::books::{Books, Change, changes};
use crate::domain::Day;

/// The return of one calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MonthReturn {
    /// The calendar year, such as 2026.
    pub year: i32,
    /// The calendar month, 1 to 12.
    pub month: u32,
    /// The compounded session returns, as a ratio. `None` where the books or the return of a
    /// session are missing or stale: the product of the others would look like the return of the month.
    pub value: Option<f64>,
}

impl Books {
    /// Returns the months of the series, ascending. The first and the last month cover only the
    /// sessions in the series. Without any NAV before it, a session counts as 0.
    pub fn months(&self) -> Vec<MonthReturn> {
        let month = |day: Day| (day.to_date().year(), day.to_date().month());
        let mut months: BTreeMap<_, Option<f64>> = BTreeMap::new();
        for (session, change) in self.series.iter().zip(changes(&self.series)) {
            let change = match change {
                Change::Return(change) => Some(change),
                Change::NothingBefore => Some(0.0),
                Change::Missing => None,
            };
            let wealth = months.entry(month(session.day)).or_insert(Some(0.0));
            *wealth = wealth
                .zip(change)
                .map(|(wealth, change)| (1.0 + wealth) * (1.0 + change) - 1.0);
        }
        // A month of gaps alone is listed too, or its year would seem to be complete.
        for gap in &self.gaps {
            months.insert(month(*gap), None);
        }
        let months = months.into_iter();
        let value = |((year, month), value)| MonthReturn { year, month, value };
        months.map(value).collect()
    }
}
