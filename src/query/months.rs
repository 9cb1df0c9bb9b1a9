//! What a portfolio returned in each month.

use serde::Serialize;

use super::Books;

/// A month of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MonthReturn {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The returns of its sessions, compounded; nothing where a session's books or return are
    /// missing, since what happened on it would be left out in silence.
    pub value: Option<f64>,
}

impl Books {
    /// The returns of the months of the series, ascending. A first month and a last are of the
    /// sessions that the series has.
    pub fn months(&self) -> Vec<MonthReturn> {
        use chrono::Datelike;
        let mut months: Vec<MonthReturn> = Vec::new();
        for (at, session) in self.series.iter().enumerate() {
            let date = session.day.to_date();
            let key = (date.year(), date.month());
            let change = session.snapshot.session_return.value();
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
