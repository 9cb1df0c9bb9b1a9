//! Compounds the session returns of a portfolio to months.

use serde::Serialize;

use super::books::Books;

/// The return of one calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MonthReturn {
    /// The calendar year, such as 2026.
    pub year: i32,
    /// The calendar month, 1 to 12.
    pub month: u32,
    /// The compounded session returns, as a ratio. `None` where the books or the return of a
    /// session are missing: the product of the others would look like the return of the month.
    pub value: Option<f64>,
}

impl Books {
    /// Returns the months of the series, ascending. The first and the last month cover only the
    /// sessions in the series.
    pub fn months(&self) -> Vec<MonthReturn> {
        use chrono::Datelike;
        let mut months: Vec<MonthReturn> = Vec::new();
        for (at, session) in self.series.iter().enumerate() {
            let date = session.day.to_date();
            let key = (date.year(), date.month());
            let change = session.snapshot.session_return.value();
            // The first session may have no return, as no books precede it: it counts as 0.
            let is_first = at == 0;
            match months
                .last_mut()
                .filter(|last| (last.year, last.month) == key)
            {
                Some(last) => {
                    last.value = last
                        .value
                        .zip(change)
                        .map(|(wealth, change)| (1.0 + wealth) * (1.0 + change) - 1.0);
                }
                None => months.push(MonthReturn {
                    year: key.0,
                    month: key.1,
                    value: if is_first {
                        change.or(Some(0.0))
                    } else {
                        change
                    },
                }),
            }
        }
        for gap in &self.gaps {
            let date = gap.to_date();
            for month in &mut months {
                if (month.year, month.month) == (date.year(), date.month()) {
                    month.value = None;
                }
            }
        }
        months
    }
}
