//! A changed configuration is seen by every command before a run puts it in force.

use serde_json::Value;

use crate::workspace::{Workspace, words};

const NOW: &str = "2026-01-12T23:00:00Z";
const WORLD: &str = r#"
now = 2026-01-12T23:00:00Z
[portfolios]
"A..C" = { inception = 2026-01-05, complete = "..2026-01-12", cash = 1_000, holdings = { NIMB = 100 } }
"#;

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    let output = workspace.run(&[&["--json", "--now", NOW], arguments].concat());
    serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr))
}

#[test]
fn a_closed_session_is_planned_checked_and_verified_as_it_is_run() {
    let workspace = Workspace::from_world(WORLD);
    assert_eq!(workspace.run(&["check", "--max-lag", "0"]).code, 0);
    let closed = "[calendar.amendments]\nclosed = [2026-01-08]\n";
    workspace.write("plimsoll.toml", closed);

    assert_eq!(workspace.run(&["check", "--max-lag", "0"]).code, 1);
    let verified = workspace.run(&["verify", "--all"]);
    assert_eq!(verified.code, 1);
    assert!(
        verified
            .stdout
            .contains("the calendar changed on 2026-01-08"),
        "{}",
        verified.stdout
    );
    let explained = workspace.run_ok(&["explain", "A", "2026-01-09"]);
    assert!(explained.contains("the calendar changed"), "{explained}");
    let status = json(&workspace, &["status"]);
    assert_eq!(status["cells"]["open"], 6);

    let plan = json(&workspace, &["plan"]);
    let id = plan["id"].as_str().unwrap();
    let run = json(&workspace, &["run", "--plan", id]);
    assert_eq!(run["state"], "complete", "{run}");
    assert_eq!(workspace.run(&["check", "--max-lag", "0"]).code, 0);
    assert_eq!(workspace.run(&["verify", "--all"]).code, 0);
}

#[test]
fn a_calendar_that_starts_later_opens_the_cells_whose_windows_it_cuts() {
    let workspace = Workspace::from_world(WORLD);
    workspace.write(
        "own.toml",
        "name = \"own\"\nzone = \"America/New_York\"\nbased-on = \"new-york\"\nclose = \"16:00\"\n\
         years = { first = 2026, last = 2026 }\n",
    );
    workspace.write("plimsoll.toml", "[calendar]\nfile = \"own.toml\"\n");
    assert_eq!(workspace.run(&["check", "--max-lag", "0"]).code, 1);
    let explained = workspace.run_ok(&["explain", "A", "2026-01-09"]);
    assert!(
        explained.contains("the calendar starts on 2026-01-02 and not on"),
        "{explained}"
    );
    let ran = words(&workspace.run_ok(&["run"]));
    assert!(
        ran.contains("the calendar starts on 2026-01-02 and not on") && ran.contains("recomputed"),
        "{ran}"
    );
    workspace.run_ok(&["verify", "--all"]);
}
