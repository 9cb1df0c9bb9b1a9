//! What is expected, from what is written of it.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::error::ScenarioError;
use super::read::Cast;
use super::state::{Expectation, Which};
use super::written::{WrittenExpectation, WrittenWatermark};
use crate::domain::Day;
use crate::scenario::world::said::{Said, Several};

/// Reads expectations of the portfolios of a scenario.
#[derive(Clone, Copy)]
pub(super) struct Expectations<'w> {
    pub(super) cast: Cast<'w>,
}

impl Expectations<'_> {
    pub(super) fn read(&self, written: WrittenExpectation) -> Result<Expectation, ScenarioError> {
        let said = [
            (Which::Processed, written.processed),
            (Which::LeftBehind, written.left_behind),
            (Which::Failed, written.failed),
            (Which::Blocked, written.blocked),
            (Which::Quarantined, written.quarantined),
            (Which::Open, written.open),
        ];
        let mut cells = BTreeMap::new();
        for (which, days) in said {
            if !days.is_empty() {
                cells.insert(which, self.days(&days)?);
            }
        }
        let counts = [
            (Which::Processed, written.processed_cells),
            (Which::LeftBehind, written.left_behind_cells),
        ];
        let mut watermarks = BTreeMap::new();
        for (name, Said(WrittenWatermark(day))) in written.watermarks {
            self.cast.id(&name)?;
            watermarks.insert(name.into_inner(), day);
        }
        Ok(Expectation {
            cells,
            counts: counts
                .into_iter()
                .filter_map(|(which, count)| Some((which, count?)))
                .collect(),
            watermark: written.watermark.map(|Said(WrittenWatermark(day))| day),
            watermarks,
            end: written.end,
            exit: written.exit,
            says: written.says.0,
            taken_out: written.taken_out,
        })
    }

    fn days(
        &self,
        written: &BTreeMap<Day, Spanned<Several<String>>>,
    ) -> Result<BTreeMap<Day, BTreeSet<String>>, ScenarioError> {
        let names = |(day, words): (&Day, &Spanned<Several<String>>)| {
            let names = self.cast.names(words)?;
            Ok((*day, names.into_iter().collect()))
        };
        written.iter().map(names).collect()
    }
}
