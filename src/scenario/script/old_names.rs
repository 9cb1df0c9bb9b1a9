//! Finds keys and values of scenarios and fixtures that have a new name, or that have no effect any
//! more, so that commands can warn about them. The readers accept them for one version.

use std::collections::BTreeSet;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::parse::FindFixture;

/// A key or value that a file has under its old name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OldName {
    /// The path of the fixture that has it; `None` for the text that was searched.
    pub fixture: Option<PathBuf>,
    /// The name in the file, as in `taken-out`.
    pub old: &'static str,
    /// The name to use instead, as in `invalidated-phases`; `None` for a key without effect.
    pub new: Option<&'static str>,
}

/// A policy rule without effect.
const FORMER_RULE: &str = "first-run";

/// The old name of the policy value `widen-to-all`.
pub(in crate::scenario) const OLD_WIDEN_TO_ALL: &str = "widen-to-everybody";

/// An old name, and the one to use instead.
type Rename = (&'static str, &'static str);

/// The renamed keys of an expectation.
const EXPECTATION_RENAMES: &[Rename] = &[
    ("taken-out", "invalidated-phases"),
    ("taken_out", "invalidated-phases"),
];

/// The renamed keys of an invalidation, in a step and in a world.
const INVALIDATION_RENAMES: &[Rename] = &[("why", "reason")];

/// Returns the old names in a scenario or fixture, then those in the fixture that it names, each
/// once a file. A text or fixture that cannot be read has none: reading it gives the error.
pub fn old_names(text: &str, fixtures: &FindFixture<'_>) -> Vec<OldName> {
    let mut names = names_in(text, None);
    if let Some(Ok((path, text))) = fixture_name(text).map(|name| fixtures(&name)) {
        names.extend(names_in(&text, Some(path)));
    }
    names
}

fn names_in(text: &str, fixture: Option<PathBuf>) -> Vec<OldName> {
    let mut renames = BTreeSet::new();
    if let Ok(root) = DeTable::parse(text) {
        collect_from_table(root.get_ref(), &mut Vec::new(), &mut renames);
    }
    let name = |(old, new)| OldName {
        fixture: fixture.clone(),
        old,
        new,
    };
    renames.into_iter().map(name).collect()
}

fn fixture_name(text: &str) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let mut entries = root.get_ref().iter();
    let (_, value) = entries.find(|(key, _)| key.get_ref() == "fixture")?;
    value.get_ref().as_str().map(str::to_owned)
}

/// Adds the old names of a table, of which `above` are the keys that lead to it.
fn collect_from_table<'t>(
    table: &'t DeTable<'_>,
    above: &mut Vec<&'t str>,
    renames: &mut BTreeSet<(&'static str, Option<&'static str>)>,
) {
    for (key, value) in table {
        let key: &str = key.get_ref();
        renames.extend(rename_of(key, value.get_ref(), above));
        above.push(key);
        collect_from_value(value, above, renames);
        above.pop();
    }
}

fn collect_from_value<'t>(
    value: &'t Spanned<DeValue<'_>>,
    above: &mut Vec<&'t str>,
    renames: &mut BTreeSet<(&'static str, Option<&'static str>)>,
) {
    match value.get_ref() {
        DeValue::Table(table) => collect_from_table(table, above, renames),
        DeValue::Array(values) => {
            for value in values {
                collect_from_value(value, above, renames);
            }
        }
        _ => {}
    }
}

/// Returns the old name that a key or its value is, if any, and the new one. The place and the type
/// of the value count too, so that a portfolio called `why` is not taken for the key.
fn rename_of(
    key: &str,
    value: &DeValue<'_>,
    above: &[&str],
) -> Option<(&'static str, Option<&'static str>)> {
    let of_key = |renames: &[Rename]| {
        let found = renames.iter().find(|(old, _)| *old == key);
        found.map(|(old, new)| (*old, Some(*new)))
    };
    match value {
        DeValue::Integer(_) if above.contains(&"expect") => of_key(EXPECTATION_RENAMES),
        DeValue::String(_) if matches!(above.last(), Some(&"invalidate" | &"invalidation")) => {
            of_key(INVALIDATION_RENAMES)
        }
        DeValue::String(word) if key == "unknown-ids" && word == OLD_WIDEN_TO_ALL => {
            Some((OLD_WIDEN_TO_ALL, Some("widen-to-all")))
        }
        DeValue::String(_) if key == FORMER_RULE && above.contains(&"policy") => {
            Some((FORMER_RULE, None))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::script::{Action, FixtureError, Scenario};

    const OLD: &str = "fixture = \"shared\"\npolicies = [\"widened\"]\n
        [policy.widened]\nunknown-ids = \"OLD_VALUE\"\nfirst-run = \"from-earliest-inception\"\n
        [[step]]\ninvalidate = { portfolios = \"A\", days = 2026-01-06, why = \"a wrong file\" }
        expect = { taken-out = 4 }\n
        [expect.widened]\ntaken_out = 4";
    const FIXTURE: &str = "now = 2026-01-08T18:00:00-05:00\nmarket.shares = 16\n
        [portfolios]\nA = { complete = \"..2026-01-07\" }\n
        [[invalidation]]\ncause = \"forced\"\nwhy = \"a doubt\"\nportfolios = \"A\"
        days = 2026-01-07";

    /// A scenario with every old name.
    fn with_old_names() -> String {
        OLD.replace("OLD_VALUE", OLD_WIDEN_TO_ALL)
    }

    fn find(name: &str) -> Result<(PathBuf, String), FixtureError> {
        match name {
            "shared" => Ok(("fixtures/shared.toml".into(), FIXTURE.to_owned())),
            _ => Err(FixtureError::Absent(name.to_owned())),
        }
    }

    fn found(text: &str) -> Vec<(bool, &'static str, Option<&'static str>)> {
        let names = old_names(text, &find).into_iter();
        names
            .map(|name| (name.fixture.is_some(), name.old, name.new))
            .collect()
    }

    #[test]
    fn old_names_are_read_and_reported_with_their_file() {
        let scenario = Scenario::read("a_claim", &with_old_names(), &find).unwrap();
        let step = &scenario.steps[0];
        let Action::Invalidate(invalidation) = &step.action else {
            panic!("{step:?}");
        };
        assert_eq!(invalidation.reason, "a wrong file");
        let expected = step.expected.as_ref().unwrap();
        assert_eq!(expected.invalidated_phases, Some(4));
        let by_policy = &scenario.expected_by_policy["widened"];
        assert_eq!(by_policy.invalidated_phases, Some(4));
        assert_eq!(scenario.world.invalidations[0].reason, "a doubt");
        assert_eq!(
            found(&with_old_names()),
            [
                (false, "first-run", None),
                (false, "taken-out", Some("invalidated-phases")),
                (false, "taken_out", Some("invalidated-phases")),
                (false, "why", Some("reason")),
                (false, OLD_WIDEN_TO_ALL, Some("widen-to-all")),
                (true, "why", Some("reason")),
            ]
        );
    }

    #[test]
    fn new_names_and_portfolios_of_an_old_name_are_not_reported() {
        let text = "[portfolios]\nwhy = {}\ntaken-out = { holdings = { why = 1 } }\n
            [[step]]\ninvalidate = { days = 2026-01-06, reason = \"why\" }\n
            [expect]\ninvalidated-phases = 1\nwatermarks = { taken-out = \"none\" }";
        assert_eq!(found(text), []);
        assert_eq!(found("not TOML"), []);
    }

    #[test]
    fn both_names_at_once_are_refused() {
        let both =
            with_old_names().replace("why = \"a wrong file\"", "why = \"a\", reason = \"b\"");
        assert!(Scenario::read("a_claim", &both, &find).is_err());
    }
}
