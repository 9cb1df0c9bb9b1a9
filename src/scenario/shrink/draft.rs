//! A scenario as a TOML table that can be made smaller: merged with its fixture, each portfolio by
//! itself.

use serde::Serialize;
use toml::{Table, Value};

use crate::scenario::format::to_toml;
use crate::scenario::script::expectation_spec::ExpectationsSpec;
use crate::scenario::script::spec::ScenarioSpec;
use crate::scenario::script::{FindFixture, FixtureError, ScenarioError};
use crate::scenario::world::merge::{fold_portfolios, merge_worlds};

/// A scenario that is being made smaller.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    /// Every key but `fixture`, `portfolios` and `expect`.
    pub(super) root: Table,
    /// The portfolios in the order of the scenario, with their keys.
    pub(super) portfolios: Vec<(String, Table)>,
}

impl Draft {
    /// Makes a draft from the text of a scenario.
    pub(super) fn read(text: &str, fixtures: &FindFixture<'_>) -> Result<Self, ScenarioError> {
        let (mut spec, below) = ScenarioSpec::parse(text, fixtures)?;
        let (world, named) = merge_worlds(below, spec.world)?;
        spec.world = world;
        spec.script.fixture = None;
        // Expectations would fail on every smaller scenario; the result gets its own.
        spec.expect = ExpectationsSpec::default();
        let mut root = to_table(&spec)?;
        root.remove("portfolios");
        let portfolios = named
            .into_iter()
            .map(|(name, spec)| Ok((name, to_table(&spec)?)));
        Ok(Self {
            root,
            portfolios: portfolios.collect::<Result<_, ScenarioError>>()?,
        })
    }

    /// Returns the scenario of this draft, without a description.
    pub(super) fn to_spec(&self) -> Result<ScenarioSpec, ScenarioError> {
        let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let (mut spec, _) = ScenarioSpec::parse(&self.root.to_string(), &none)?;
        let named = self.portfolios.iter().map(|(name, keys)| {
            let spec = keys.clone().try_into().map_err(ScenarioError::text)?;
            Ok((name.clone(), spec))
        });
        let named = named.collect::<Result<Vec<_>, ScenarioError>>()?;
        spec.world.portfolios = fold_portfolios(&named);
        spec.world.description = None;
        Ok(spec)
    }

    /// Returns the values of all keys that hold lists.
    pub(super) fn lists(&self) -> impl Iterator<Item = &[Value]> {
        self.root
            .values()
            .filter_map(Value::as_array)
            .map(Vec::as_slice)
    }

    /// Returns the entries of a list; none if the key is missing.
    pub(super) fn list(&self, key: &str) -> &[Value] {
        let list = self.root.get(key).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }
}

fn to_table(spec: &impl Serialize) -> Result<Table, ScenarioError> {
    toml::from_str(&to_toml(spec)).map_err(ScenarioError::text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::script::{FixtureError, OLD_WIDEN_TO_ALL};

    #[test]
    fn old_names_become_new_ones() {
        let text = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n\
                    [policy.widened]\nunknown-ids = \"OLD_VALUE\"\n\
                    [[invalidation]]\ncause = \"forced\"\nwhy = \"a\"\nportfolios = \"A\"\n\
                    days = 2026-01-07\n\
                    [[step]]\ninvalidate = { days = 2026-01-07, why = \"b\" }\n\
                    expect = { taken-out = 4 }\n";
        let text = &text.replace("OLD_VALUE", OLD_WIDEN_TO_ALL);
        let fixtures = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let root = Draft::read(text, &fixtures).unwrap().root;
        let root = root.to_string();
        for old in ["why", "taken-out", OLD_WIDEN_TO_ALL] {
            assert!(!root.contains(old), "{old}: {root}");
        }
        for new in ["reason = \"a\"", "reason = \"b\"", "invalidated-phases = 4"] {
            assert!(root.contains(new), "{new}: {root}");
        }
    }
}
