//! Compares the rows of portfolios before and after a run: a nightly job only reads them.

use std::collections::BTreeMap;

use super::error::JobError;
use super::state::JobState;
use crate::capture::normalize_id;
use crate::scenario::runner::Promise;

type Values = Vec<Option<String>>;

/// The mapped columns of all portfolios, by id; none if the promise is switched off.
#[derive(Debug, Default)]
pub(super) struct PortfolioRows(BTreeMap<String, Vec<Values>>);

/// The ids of portfolios whose rows differ.
#[derive(Debug, Default)]
pub(super) struct ChangedPortfolios {
    pub(super) deleted: Vec<String>,
    pub(super) added: Vec<String>,
    pub(super) changed: Vec<String>,
}

impl PortfolioRows {
    pub(super) fn read(state: &JobState<'_>) -> Result<Self, JobError> {
        let mut by_id: BTreeMap<String, Vec<Values>> = BTreeMap::new();
        if state.job.checks(Promise::LeavesPortfoliosAlone) {
            let table = &state.job.map.portfolios;
            let id_column = table.column_index("id");
            for row in state.rows_of(table)? {
                let id = id_column.and_then(|column| row[column].clone());
                let id = normalize_id(&id.unwrap_or_default());
                by_id.entry(id).or_default().push(row);
            }
        }
        Ok(Self(by_id))
    }

    /// Returns the portfolios whose rows are others than earlier.
    pub(super) fn since(&self, earlier: &Self) -> ChangedPortfolios {
        let (now, before) = (&self.0, &earlier.0);
        let absent_in = |rows: &BTreeMap<String, Vec<Values>>, other: &Self| -> Vec<String> {
            let ids = rows.keys();
            ids.filter(|id| !other.0.contains_key(*id))
                .cloned()
                .collect()
        };
        let is_other = |(id, rows): &(&String, &Vec<Values>)| {
            before.get(*id).is_some_and(|earlier| earlier != *rows)
        };
        ChangedPortfolios {
            deleted: absent_in(before, self),
            added: absent_in(now, earlier),
            changed: now
                .iter()
                .filter(is_other)
                .map(|(id, _)| id.clone())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_added_and_changed_rows_are_told_apart() {
        let rows = |rows: &[(&str, &str)]| {
            let rows = rows.iter();
            let values = |name: &str| vec![vec![Some(name.to_owned())]];
            PortfolioRows(
                rows.map(|(id, name)| ((*id).to_owned(), values(name)))
                    .collect(),
            )
        };
        let before = rows(&[("1", "A"), ("2", "B"), ("3", "C")]);
        let found = rows(&[("1", "A"), ("2", "X"), ("4", "D")]).since(&before);
        assert_eq!(found.deleted, ["3"]);
        assert_eq!(found.added, ["4"]);
        assert_eq!(found.changed, ["2"]);
    }
}
