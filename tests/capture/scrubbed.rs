//! Scrubbed and shifted captures: plans stay the same, and no name or day is revealed.

use plimsoll::capture::State;
use plimsoll::plan::PolicyName;

use crate::harness::{Harness, harness};
use crate::incident::{Incident, MAP};
use crate::round_trips::{EVERYTHING, OWN_CALENDARS};
use crate::support::{capture_state, capture_toml, plan_decisions};

fn body(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

/// Returns the decisions of a policy by day and portfolio, without names and days. Portfolios are
/// ordered by inception and id, as pseudonyms are.
fn decision_grid(harness: &Harness, policy: PolicyName) -> Vec<Vec<String>> {
    let mut portfolios = harness
        .store
        .read(|reading| reading.portfolios().all())
        .unwrap();
    portfolios.sort_by_key(|portfolio| (portfolio.lifecycle.inception(), portfolio.id));
    let decisions = plan_decisions(harness, policy);
    let mut days: Vec<&String> = decisions.keys().map(|(day, _)| day).collect();
    days.dedup();
    let row = |day: &String| -> Vec<String> {
        let cells = portfolios.iter().map(|portfolio| {
            let label = format!("{} {}", portfolio.name, portfolio.key);
            decisions[&(day.clone(), label)].clone()
        });
        cells.collect()
    };
    days.into_iter().map(row).collect()
}

/// Scrubs a state, with and without a shift, and loads it. The plans must be those of the original,
/// unless the file lists left-out rows, and a second capture must be equal.
pub(crate) fn scrubbed_round_trip(original: &Harness, days: i32) {
    let shifted = |state: State| state.shifted(days).unwrap();
    for state in [
        capture_state(original).scrubbed(),
        shifted(capture_state(original).scrubbed()),
    ] {
        let text = state.to_world_toml().unwrap();
        let loaded = harness(&text);
        assert_eq!(body(&capture_toml(&loaded)), body(&text));
        // A non-session day between two sessions may have no counterpart after the shift.
        if text.contains("without a counterpart after the shift") {
            continue;
        }
        for policy in PolicyName::ALL {
            assert_eq!(
                decision_grid(&loaded, policy),
                decision_grid(original, policy),
                "{policy}\n{text}"
            );
        }
    }
}

#[test]
fn every_world_key_survives_scrub_and_shift() {
    let original = harness(&EVERYTHING.replace("2025-12-13, ", ""));
    scrubbed_round_trip(&original, -364);
}

#[test]
fn scrubbed_capture_contains_no_names() {
    let text = capture_state(&harness(EVERYTHING))
        .scrubbed()
        .to_world_toml()
        .unwrap();
    for secret in ["Holey", "Twin", "0000-4000", "ACME", "Failed", "Gone"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    let text = Incident::new()
        .capture(MAP)
        .unwrap()
        .scrubbed()
        .to_world_toml()
        .unwrap();
    insta::with_settings!({ snapshot_path => "../../snapshots/capture", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("incident_scrubbed", text);
    });
}

#[test]
fn shifted_capture_contains_no_original_day() {
    let state = Incident::new().capture(MAP).unwrap().scrubbed();
    let text = state.shifted(-1_000).unwrap().to_world_toml().unwrap();
    assert!(!text.contains("2025-") && !text.contains("2026-"), "{text}");
    assert!(text.contains("now = 2023-04-1"), "{text}");
}

#[test]
fn a_shift_beyond_the_known_days_is_refused() {
    let state = Incident::new().capture(MAP).unwrap();
    let refused = state.shifted(-20_000).unwrap_err().to_string();
    assert_eq!(
        refused,
        "`1971-04-07` is outside the days 1990-01-01..2035-12-31 of the calendar `new-york`"
    );
}

#[test]
fn a_scrubbed_capture_names_no_calendar_of_the_users_own() {
    let original = harness(OWN_CALENDARS);
    let text = capture_state(&original).scrubbed().to_world_toml().unwrap();
    for secret in ["lima\"", "oslo", "Exchange", "a holiday", "Labour"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("calendar = \"C1\""), "{text}");
    let loaded = harness(&text);
    let policy = PolicyName::PerCell;
    assert_eq!(
        decision_grid(&loaded, policy),
        decision_grid(&original, policy)
    );
}
