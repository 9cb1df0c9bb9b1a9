//! A scenario as a table that can be made smaller: its fixture laid under it, each portfolio by
//! itself.

use toml::{Table, Value};

use crate::scenario::script::{FindFixture, Scenario, ScenarioError};
use crate::scenario::world::{WorldError, names_of};

/// A scenario in the making.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    /// Every key but `fixture`, `portfolios` and what is expected.
    pub(super) root: Table,
    /// The portfolios, in order.
    pub(super) portfolios: Vec<(String, Table)>,
}

impl Draft {
    /// The draft of a scenario's text, which has been read as one already.
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
        root.remove("expect");
        let order = |name: &String| {
            let mut names = scenario.world.portfolios.iter();
            names.position(|one| one.portfolio.name == *name)
        };
        portfolios.sort_by_key(|(name, _)| order(name));
        Ok(Self { root, portfolios })
    }

    /// All lists.
    pub(super) fn lists(&self) -> impl Iterator<Item = &[Value]> {
        self.root
            .values()
            .filter_map(Value::as_array)
            .map(Vec::as_slice)
    }

    /// The entries of a list.
    pub(super) fn list(&self, key: &str) -> &[Value] {
        let list = self.root.get(key).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }
}

/// Portfolios one by one, in the order of the alphabet.
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

/// One table laid over another: tables key by key, lists added to, values replaced.
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

/// Whether the lists of a key are added to; others are single values.
fn is_appended(key: &str) -> bool {
    ["transaction", "split", "correction", "invalidation", "run"].contains(&key)
}
