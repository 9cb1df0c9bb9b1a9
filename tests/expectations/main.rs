//! Changes expectations of scenarios, one value at a time: each change must be found or refused.
//!
//! The keys come from the schema of scenarios. So a new key fails here until `truth` knows its
//! value, and then fails again unless the runner looks at it after every step.

mod books;
mod changes;
mod played;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::scenario::runner::{Mismatch, Problem};
use plimsoll::scenario::script::{FixtureError, Scenario};
use plimsoll::scenario::suite::{find_fixture, find_scenarios};
use plimsoll::sim::generate_scenario;
use serde_json::Value as Json;

use played::{PlaceKind, Played};
use truth::{Verdict, probes};

/// A scenario with plans, one of which is refused.
const PLANS: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                     \"A..C\" = { complete = \"..2026-01-07\" }\n\
                     [[step]]\nplan = { portfolios = \"B\" }\n\
                     [[step]]\nplan = { target = 2027-01-08 }\n[[step]]\nrun = {}\n\
                     [[step]]\nplan = {}\n";

/// The number of generated scenarios.
const GENERATED: u64 = 10;

#[test]
fn every_changed_expectation_of_a_shipped_scenario_fails() {
    let mut count = 0;
    for file in find_scenarios(&["scenarios".into()]).unwrap() {
        let text = std::fs::read_to_string(&file.path).unwrap();
        let find = |name: &str| find_fixture(&file.path, name);
        let played = Played::new(&text, &find);
        for place in played.expecting_places() {
            let expected = played.read(&place, &played.root).unwrap();
            let unchanged = played.findings(&place, &expected);
            assert!(
                unchanged.concat().is_empty(),
                "{}: {unchanged:?}",
                file.name
            );
            for changed in changes::of_place(&played, &place) {
                let is_found = match played.read(&place, &changed.root) {
                    // The same expectation in other words.
                    Ok(same) if same == expected => continue,
                    Ok(other) => !played.findings(&place, &other).iter().any(Vec::is_empty),
                    Err(_) => true,
                };
                assert!(is_found, "{}, {place:?}: {}", file.name, changed.what);
                count += 1;
            }
        }
    }
    // Far fewer would mean that the walk does not find them any more.
    assert!(count > 900, "{count}");
}

#[test]
fn every_key_is_looked_at_after_every_step() {
    let keys = keys_of_schema();
    assert!(keys.len() >= 28, "{keys:?}");
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let mut texts: Vec<String> = (0..GENERATED).map(generate_scenario).collect();
    // Some generated scenarios have plans; this one has a plan that is refused too.
    texts.push(PLANS.to_owned());
    // Generated scenarios have no steps inside runs.
    for file in find_scenarios(&["scenarios/runs".into()]).unwrap() {
        let text = std::fs::read_to_string(&file.path).unwrap();
        if text.contains("meanwhile") && !text.contains("fixture") {
            texts.push(text);
        }
    }
    let mut tested: BTreeMap<(PlaceKind, &str), usize> = BTreeMap::new();
    for text in &texts {
        let played = Played::new(text, &none).with_states();
        for place in played.places() {
            let kind = played.kind(&place);
            for key in &keys {
                for probe in probes(key, &played, &place) {
                    *tested.entry((kind, key.as_str())).or_default() += 1;
                    let root = played.with_expectation(&place, key, &probe.value);
                    let verdict = match played.read(&place, &root) {
                        Err(_) => Verdict::Refused,
                        Ok(expected) if played.findings(&place, &expected).concat().is_empty() => {
                            Verdict::Holds
                        }
                        Ok(_) => Verdict::Fails,
                    };
                    let case = format!("{place:?}: {key} = {}\n{text}", probe.value);
                    assert_eq!(verdict, probe.verdict, "{case}");
                }
            }
        }
    }
    for kind in [
        PlaceKind::Scenario,
        PlaceKind::Run,
        PlaceKind::Plan,
        PlaceKind::Change,
    ] {
        for key in &keys {
            assert!(
                tested.contains_key(&(kind, key.as_str())),
                "`{key}`, {kind:?}"
            );
        }
    }
}

#[test]
fn a_state_before_an_inception_cannot_be_expected() {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let read = |change: &str, expected: &str| {
        let text = format!(
            "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {{ inception = 2026-01-05 }}\n\
             B = {{ inception = 2026-01-07 }}\n[[step]]\n{change}\n\
             [[step]]\nadvance = \"1 minute\"\nexpect = {{ {expected} }}\n"
        );
        Scenario::read("inceptions", &text, &none).map_err(|error| error.to_string())
    };
    let mut refused = BTreeSet::new();
    for key in keys_of_schema() {
        // The shapes of all keys that name days: of portfolios by day, and of one portfolio.
        for (shape, first, before, word) in [
            (
                "DAY = []",
                "2026-01-05",
                "2026-01-02",
                "the first portfolio begins on 2026-01-05",
            ),
            (
                "B.DAY = \"none\"",
                "2026-01-07",
                "2026-01-06",
                "`B` begins on 2026-01-07",
            ),
            (
                "EUR.B.DAY = \"none\"",
                "2026-01-07",
                "2026-01-06",
                "`B` begins on 2026-01-07",
            ),
            (
                "B.DAY = []",
                "2026-01-07",
                "2026-01-06",
                "`B` begins on 2026-01-07",
            ),
            (
                "B.DAY = { fresh = 0 }",
                "2026-01-07",
                "2026-01-06",
                "`B` begins on 2026-01-07",
            ),
        ] {
            let on = |day: &str| format!("{key}.{}", shape.replace("DAY", &format!("{day:?}")));
            // Other keys are refused on every day: they are of runs, or have other values.
            if read("retry = {}", &on(first)).is_ok() {
                let error = read("retry = {}", &on(before)).unwrap_err();
                assert!(error.contains(word), "{}: {error}", on(before));
                let file = "import = { kind = \"portfolios\", text = \"\" }";
                assert!(
                    read(file, &on(before)).is_ok(),
                    "a file may change inceptions"
                );
                refused.insert(key.clone());
            }
        }
    }
    assert!(refused.len() >= 14, "{refused:?}");
}

/// Returns the keys of `expect` tables, old names included.
fn keys_of_schema() -> BTreeSet<String> {
    let schema: Json = plimsoll::scenario::schema::scenario();
    let mut keys = BTreeSet::new();
    collect_keys(&schema, &mut keys);
    keys
}

/// Finds the tables that have the keys of an expectation, wherever the schema defines them.
fn collect_keys(schema: &Json, keys: &mut BTreeSet<String>) {
    match schema {
        Json::Object(fields) => {
            if let Some(Json::Object(properties)) = fields.get("properties")
                && properties.contains_key("left-behind")
                && properties.contains_key("watermarks")
            {
                let listed = properties.iter().map(|(key, _)| key.clone());
                keys.extend(listed);
            }
            fields.values().for_each(|field| collect_keys(field, keys));
        }
        Json::Array(values) => values.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

/// Plays a scenario of three portfolios with these steps, and returns its findings.
fn findings(steps: &str) -> Vec<Problem> {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                 \"A..C\" = { complete = \"..2026-01-07\" }\n";
    let played = Played::new(&format!("{world}{steps}"), &none);
    let findings = played.result.findings();
    findings
        .map(|(_, finding)| finding.problem.clone())
        .collect()
}

#[test]
fn the_state_after_a_step_that_is_no_run_is_compared() {
    let step =
        |expected: &str| format!("[[step]]\nadvance = \"1 minute\"\nexpect = {{ {expected} }}");
    let holds =
        "open.\"2026-01-08\" = [\"A..C\"], watermark = 2026-01-07, watermarks.B = 2026-01-07";
    assert_eq!(findings(&step(holds)), [] as [Problem; 0]);
    let fails = "open.\"2026-01-08\" = [], watermark = \"none\", watermarks.B = \"none\"";
    assert_eq!(findings(&step(fails)).len(), 3);
}

#[test]
fn a_run_that_lost_its_lease_counts_with_what_it_committed() {
    let steps = "[[step]]\nexpect = { end = \"lost-lease\", processed.\"2026-01-08\" = [\"A\"] }\n\
                 [[step.run.meanwhile]]\nat = \"after commit 1\"\nadvance = \"3 minutes\"\n\
                 [[step.run.meanwhile]]\nat = \"after commit 1\"\nrun = {}\n\
                 expect = { processed.\"2026-01-08\" = [\"B..C\"] }\n\
                 [expect]\nprocessed-cells = 3\n";
    assert_eq!(findings(steps), [] as [Problem; 0]);
}

#[test]
fn expectations_that_nothing_is_known_of_fail() {
    let unreached = "[[step]]\n[[step.run.meanwhile]]\nat = \"after commit 99\"\n\
                     advance = \"1 minute\"\nexpect = { watermark = 2026-01-07 }\n";
    assert!(
        matches!(
            findings(unreached)[..],
            [Problem::Expectation(Mismatch::Unreached(_))]
        ),
        "{:?}",
        findings(unreached)
    );
    let refused = "[[step]]\nrun = { max-cells = 1 }\nexpect = { end = \"refused\", blocked.\"2026-01-08\" = [] }\n";
    assert!(
        matches!(
            findings(refused)[..],
            [Problem::Expectation(Mismatch::WithoutPlan { .. })]
        ),
        "{:?}",
        findings(refused)
    );
}

#[test]
fn a_span_of_days_lists_the_portfolios_of_each_of_its_sessions() {
    let step = |expected: &str| format!("[[step]]\nrun = {{}}\nexpect = {{ {expected} }}\n");
    let holds =
        "processed.\"2026-01-05..2026-01-07\" = [], processed.\"2026-01-08..\" = [\"A..C\"]";
    assert_eq!(findings(&step(holds)), [] as [Problem; 0]);
    // A run can be expected to do nothing on a later day, and a span can end on a weekend.
    let later = step("processed.\"2026-01-09\" = []");
    assert_eq!(findings(&later), [] as [Problem; 0]);
    let friday = "[[step]]\nadvance = \"1 day\"\n[[step]]\nrun = {}\nexpect = { \
                  processed.\"2026-01-08..2026-01-11\" = [\"A..C\"] }\n";
    assert_eq!(findings(friday), [] as [Problem; 0]);
    let fails = step("processed.\"2026-01-07..2026-01-08\" = [\"A..C\"]");
    assert_eq!(findings(&fails).len(), 1);
    for (refused, part) in [
        (
            "processed.\"2026-01-10..2026-01-11\" = []",
            "has no session",
        ),
        (
            "processed.\"2025-02-01..2025-03-01\" = []",
            "outside the days",
        ),
        (
            "processed = { \"2026-01-05..\" = [], 2026-01-08 = [\"A..C\"] }",
            "the session 2026-01-08 twice",
        ),
        (
            "reasons.hiden-by-watermark.\"2026-01-08\" = []",
            "unknown variant",
        ),
        ("nav.Z.\"2026-01-08\" = 1", "`Z`"),
        (
            "processed.\"2026-01-08..2026-01-09\" = [\"A..C\"]",
            "has the session 2026-01-09",
        ),
        (
            "reasons.missing.\"2026-01-08..2026-01-14\" = [\"A..C\"]",
            "has the session 2026-01-09",
        ),
        ("open.\"2025-01-01..2026-01-08\" = []", "outside the days"),
        ("open.\"2026-01-09\" = []", "`open` on `2026-01-09`"),
        ("stale.\"2026-01-09\" = []", "`stale` on `2026-01-09`"),
        ("unpriced.\"2026-01-09\" = []", "`unpriced` on `2026-01-09`"),
        ("nav.A.\"2026-01-09\" = \"none\"", "`nav` on `2026-01-09`"),
        ("phases.A.\"2026-01-09\" = []", "`phases` on `2026-01-09`"),
        (
            "quality.A.\"2026-01-09\" = { stale = 0 }",
            "`quality` on `2026-01-09`",
        ),
    ] {
        let error = refusal(&step(refused));
        assert!(error.contains(part), "{refused}: {error}");
    }
}

#[test]
fn a_step_can_expect_other_results_of_each_policy() {
    let steps = |behind: &str| {
        format!(
            "[[step]]\nrun = {{}}\n[step.expect-by-policy.global-max]\n\
             left-behind.\"2026-01-07\" = {behind}\n[step.expect-by-policy.per-cell]\n\
             processed.\"2026-01-07\" = [\"C\"]\n"
        )
    };
    let world = "now = 2026-01-08T18:00:00-05:00\npolicies = [\"global-max\", \"per-cell\"]\n\
                 [portfolios]\n\"A..B\" = { complete = \"..2026-01-07\" }\n\
                 C = { complete = \"..2026-01-06\" }\n";
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let found = |steps: &str| {
        let played = Played::new(&format!("{world}{steps}"), &none);
        played.result.findings().count()
    };
    assert_eq!(found(&steps("[\"C\"]")), 0);
    assert_eq!(found(&steps("[\"B\"]")), 1);
    // Under a policy that is not played, nothing would be compared.
    let unknown = refusal("[[step]]\nrun = {}\nexpect-by-policy.target-only = { exit = 0 }\n");
    assert!(unknown.contains("target-only"), "{unknown}");
}

/// Returns the error of a scenario of three portfolios with these steps, with its causes.
fn refusal(steps: &str) -> String {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                 \"A..C\" = { complete = \"..2026-01-07\" }\n";
    let read = Scenario::read("refused", &format!("{world}{steps}"), &none);
    let error = read.unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string);
    format!("{error} {}", source.unwrap_or_default())
}
