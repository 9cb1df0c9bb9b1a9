//! A scenario as a TOML table that can be made smaller: merged with its fixture, each portfolio by
//! itself.

use toml::{Table, Value};

use crate::scenario::script::{
    EXPECTATION_RENAMES, FindFixture, INVALIDATION_RENAMES, OLD_WIDEN_TO_ALL, Rename, Scenario,
    ScenarioError,
};
use crate::scenario::world::{WorldError, names_of};

/// A scenario that is being made smaller.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    /// Every key but `fixture`, `portfolios` and `expect`.
    pub(super) root: Table,
    /// The portfolios in the order of the scenario, with their keys.
    pub(super) portfolios: Vec<(String, Table)>,
}

impl Draft {
    /// Makes a draft from the text of a scenario that was parsed before.
    pub(super) fn read(
        text: &str,
        scenario: &Scenario,
        fixtures: &FindFixture<'_>,
    ) -> Result<Self, ScenarioError> {
        let table = |text: &str| {
            let parsed: Result<Table, _> = toml::from_str(text);
            parsed.map_err(|error| ScenarioError::from(WorldError::text(error)))
        };
        let mut root = table(text)?;
        let fixture = root.remove("fixture");
        let own = expand_portfolios(root.remove("portfolios"));
        let mut portfolios = Vec::new();
        if let Some(Value::String(name)) = fixture
            && let Ok((_, text)) = fixtures(&name)
        {
            let mut below = table(&text)?;
            portfolios = expand_portfolios(below.remove("portfolios"));
            root = merged(below, root);
        }
        for (name, over) in own {
            match portfolios.iter_mut().find(|(known, _)| *known == name) {
                Some((_, below)) => *below = merged(std::mem::take(below), over),
                None => portfolios.push((name, over)),
            }
        }
        // Expectations would fail on every smaller scenario; the result gets its own.
        root.remove("expect");
        for (key, value) in &mut root {
            use_new_names(key, value);
        }
        let order = |name: &String| {
            let mut names = scenario.world.portfolios.iter();
            names.position(|portfolio| portfolio.portfolio.name == *name)
        };
        portfolios.sort_by_key(|(name, _)| order(name));
        Ok(Self { root, portfolios })
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

/// Splits name ranges such as `A..D` into one entry a portfolio.
fn expand_portfolios(written: Option<Value>) -> Vec<(String, Table)> {
    let Some(Value::Table(written)) = written else {
        return Vec::new();
    };
    let mut portfolios = Vec::new();
    for (names, value) in written {
        let Value::Table(keys) = value else {
            continue;
        };
        for name in names_of(&names).unwrap_or_default() {
            portfolios.push((name, keys.clone()));
        }
    }
    portfolios
}

/// Merges one table over another: tables key by key, lists of events appended, other values
/// replaced.
fn merged(mut below: Table, over: Table) -> Table {
    for (key, over) in over {
        let value = match (below.remove(&key), over) {
            (Some(Value::Table(below)), Value::Table(over)) => Value::Table(merged(below, over)),
            (Some(Value::Array(below)), Value::Array(over)) if is_appended(&key) => {
                Value::Array([below, over].concat())
            }
            (_, over) => over,
        };
        below.insert(key, value);
    }
    below
}

/// Replaces old names of keys and values, which are still read, by the new ones. `key` is the one
/// that holds `value`.
fn use_new_names(key: &str, value: &mut Value) {
    match value {
        Value::Array(values) => {
            for value in values {
                use_new_names(key, value);
            }
        }
        Value::Table(table) => {
            let renamed_keys: &[Rename] = match key {
                "invalidate" | "invalidation" => INVALIDATION_RENAMES,
                "expect" => EXPECTATION_RENAMES,
                _ => &[],
            };
            for (old, new) in renamed_keys {
                if let Some(value) = table.remove(*old) {
                    table.insert((*new).to_owned(), value);
                }
            }
            for (key, value) in table.iter_mut() {
                use_new_names(key, value);
            }
        }
        Value::String(text) if key == "unknown-ids" && text == OLD_WIDEN_TO_ALL => {
            "widen-to-all".clone_into(text);
        }
        _ => {}
    }
}

/// Returns true for keys whose lists add to those of the fixture.
fn is_appended(key: &str) -> bool {
    ["transaction", "split", "correction", "invalidation", "run"].contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::script::FixtureError;

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
        let scenario = Scenario::read("a_claim", text, &fixtures).unwrap();
        let root = Draft::read(text, &scenario, &fixtures).unwrap().root;
        let root = root.to_string();
        for old in ["why", "taken-out", OLD_WIDEN_TO_ALL] {
            assert!(!root.contains(old), "{old}: {root}");
        }
        for new in ["reason = \"a\"", "reason = \"b\"", "invalidated-phases = 4"] {
            assert!(root.contains(new), "{new}: {root}");
        }
    }
}
