//! What is expected, from what is written of it.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::error::ScenarioError;
use super::model::{CellStatus, Expectation};
use super::read::Resolver;
use super::spec::{ExpectationSpec, WatermarkSpec};
use crate::domain::Day;
use crate::scenario::world::lenient::{Lenient, OneOrMany};

/// Reads expectations of the portfolios of a scenario.
#[derive(Clone, Copy)]
pub(super) struct ExpectationReader<'w> {
    pub(super) resolver: Resolver<'w>,
}

impl ExpectationReader<'_> {
    pub(super) fn read(&self, written: ExpectationSpec) -> Result<Expectation, ScenarioError> {
        let said = [
            (CellStatus::Processed, written.processed),
            (CellStatus::LeftBehind, written.left_behind),
            (CellStatus::Failed, written.failed),
            (CellStatus::Blocked, written.blocked),
            (CellStatus::Quarantined, written.quarantined),
            (CellStatus::Open, written.open),
        ];
        let mut cells = BTreeMap::new();
        for (which, days) in said {
            if !days.is_empty() {
                cells.insert(which, self.days(&days)?);
            }
        }
        let counts = [
            (CellStatus::Processed, written.processed_cells),
            (CellStatus::LeftBehind, written.left_behind_cells),
        ];
        let mut watermarks = BTreeMap::new();
        for (name, Lenient(WatermarkSpec(day))) in written.watermarks {
            self.resolver.resolve(&name)?;
            watermarks.insert(name.into_inner(), day);
        }
        Ok(Expectation {
            cells,
            counts: counts
                .into_iter()
                .filter_map(|(which, count)| Some((which, count?)))
                .collect(),
            watermark: written.watermark.map(|Lenient(WatermarkSpec(day))| day),
            watermarks,
            end: written.end,
            exit: written.exit,
            messages: written.messages.0,
            invalidated_phases: written.invalidated_phases,
        })
    }

    fn days(
        &self,
        written: &BTreeMap<Day, Spanned<OneOrMany<String>>>,
    ) -> Result<BTreeMap<Day, BTreeSet<String>>, ScenarioError> {
        let names = |(day, words): (&Day, &Spanned<OneOrMany<String>>)| {
            let names = self.resolver.resolve_names(words)?;
            Ok((*day, names.into_iter().collect()))
        };
        written.iter().map(names).collect()
    }
}
