//! Replays each policy on a state, with simulated nights.

use plimsoll::capture::replay;
use plimsoll::engine::Settings;
use plimsoll::plan::PolicyName;
use plimsoll::query::{PolicyReplay, Replay};
use plimsoll::report::{Palette, replay_text};
use plimsoll::scenario::world::World;

use crate::harness::JAN_8;

/// A state with every kind of gap, and a run that still holds its lease.
const GAPS: &str = r#"
now = 2026-01-08T18:00:00-05:00

[portfolios]
Ahead = { inception = 2025-12-01, complete = "..2026-01-07" }
Behind = { inception = 2025-12-01, complete = "..2026-01-05" }
Holey = { inception = 2025-12-01, complete = "..2026-01-07", holes = ["2025-12-10..2025-12-12"] }
Crashed = { inception = 2025-12-01, complete = "..2026-01-07", phases = { 2025-12-15 = ["snapshot"], 2026-01-07 = ["snapshot"] } }
Newcomer = { inception = 2025-12-29 }
Placeholder = { inception = 2025-12-01, complete = "..2026-01-05", rows = 2026-01-06 }
Waits = { inception = 2025-12-10, complete = "..2026-01-06", blocked = ["2026-01-07..2026-01-08"] }
Stuck = { inception = 2025-12-10, complete = "..2026-01-06", quarantined = { 2026-01-07 = ["snapshot"] } }
Early = { inception = 2025-12-01, complete = "..2026-01-08" }

[[invalidation]]
cause = "price"
reason = "a close came late"
portfolios = "Ahead"
days = "2025-12-29.."

[run-left-running]
lease = "live"
"#;

fn replayed(text: &str, nights: usize) -> Replay {
    let world = World::read(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    replay(
        &world,
        nights,
        6,
        &Settings::new_york(),
        folder.path(),
        &|_| {},
    )
    .unwrap()
}

fn policy_replay(replay: &Replay, policy: PolicyName) -> &PolicyReplay {
    let mut policies = replay.policies.iter();
    policies.find(|replay| replay.policy == policy).unwrap()
}

#[test]
fn replay_report_of_incident() {
    let text = replay_text(&replayed(JAN_8, 5), Palette::Plain);
    insta::with_settings!({ snapshot_path => "../../snapshots/capture", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("replay_jan_8", text);
    });
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn replay_report_of_all_gap_kinds() {
    let replay = replayed(GAPS, 9);
    let text = replay_text(&replay, Palette::Plain);
    insta::with_settings!({ snapshot_path => "../../snapshots/capture", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("replay_gaps", text);
    });
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert_eq!(replayed(GAPS, 9), replay);
}

#[test]
fn global_max_never_catches_up_because_of_watermark() {
    let replay = replayed(JAN_8, 4);
    let global_max = policy_replay(&replay, PolicyName::GlobalMax);
    assert_eq!(
        (
            global_max.left_behind_counts(),
            global_max.redundant_counts()
        ),
        ((23, 12), (0, 0))
    );
    let rules: Vec<_> = global_max
        .rules
        .iter()
        .map(|rule| (rule.rule.as_str(), rule.recovered))
        .collect();
    assert_eq!(rules, [("watermark", 23)]);
    assert!(
        global_max
            .nights
            .iter()
            .all(|night| (night.open, night.behind) == (23, 12))
    );
    let per_cell = policy_replay(&replay, PolicyName::PerCell);
    assert_eq!(
        (
            per_cell.chosen,
            per_cell.left_behind_counts(),
            per_cell.rules.len()
        ),
        (36, (0, 0), 0)
    );
    assert!(
        per_cell
            .nights
            .iter()
            .all(|night| night.open == 0 && night.failed == 0)
    );
    let targets: Vec<_> = per_cell
        .nights
        .iter()
        .map(|night| night.target.to_string())
        .collect();
    assert_eq!(
        targets,
        ["2026-01-08", "2026-01-09", "2026-01-12", "2026-01-13"]
    );
}
