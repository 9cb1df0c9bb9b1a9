//! Reads expectations: resolves the names of portfolios in them.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::error::ScenarioError;
use super::model::{CellStatus, Expectation};
use super::read::Resolver;
use super::spec::{ExpectationSpec, WatermarkSpec};
use crate::domain::Day;
use crate::scenario::world::lenient::{Lenient, OneOrMany};

/// Reads expectations against the portfolios of a scenario.
#[derive(Clone, Copy)]
pub(super) struct ExpectationReader<'w> {
    pub(super) resolver: Resolver<'w>,
}

impl ExpectationReader<'_> {
    pub(super) fn read(&self, spec: ExpectationSpec) -> Result<Expectation, ScenarioError> {
        let days_by_status = [
            (CellStatus::Processed, spec.processed),
            (CellStatus::LeftBehind, spec.left_behind),
            (CellStatus::Failed, spec.failed),
            (CellStatus::Blocked, spec.blocked),
            (CellStatus::Quarantined, spec.quarantined),
            (CellStatus::Open, spec.open),
        ];
        let mut cells = BTreeMap::new();
        for (status, days) in days_by_status {
            if !days.is_empty() {
                cells.insert(status, self.days(&days)?);
            }
        }
        let counts = [
            (CellStatus::Processed, spec.processed_cells),
            (CellStatus::LeftBehind, spec.left_behind_cells),
        ];
        let mut watermarks = BTreeMap::new();
        for (name, Lenient(WatermarkSpec(day))) in spec.watermarks {
            self.resolver.resolve(&name)?;
            watermarks.insert(name.into_inner(), day);
        }
        Ok(Expectation {
            cells,
            counts: counts
                .into_iter()
                .filter_map(|(status, count)| Some((status, count?)))
                .collect(),
            watermark: spec.watermark.map(|Lenient(WatermarkSpec(day))| day),
            watermarks,
            end: spec.end,
            exit: spec.exit,
            messages: spec.messages.0,
            invalidated_phases: spec.invalidated_phases,
        })
    }

    fn days(
        &self,
        days: &BTreeMap<Day, Spanned<OneOrMany<String>>>,
    ) -> Result<BTreeMap<Day, BTreeSet<String>>, ScenarioError> {
        let names = |(day, words): (&Day, &Spanned<OneOrMany<String>>)| {
            let names = self.resolver.resolve_names(words)?;
            Ok((*day, names.into_iter().collect()))
        };
        days.iter().map(names).collect()
    }
}
