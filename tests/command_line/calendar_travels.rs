//! The calendar of a world travels with the database that is made from it.

use rusqlite::Connection;
use serde_json::Value;

use crate::workspace::Workspace;

/// A Saturday evening. The Saturday is a session of the world's calendar and of no other.
const SATURDAY: &str = r#"
now = 2026-01-10T18:00:00Z
CALENDAR
[portfolios]
A = { inception = 2026-01-05, complete = "..2026-01-09" }
"#;

const EVERY_DAY: &str = "calendar = \"every-day\"\n";
const AMENDED: &str = "[calendar-amendments]\nsessions = [2026-01-10]\n";
const OWN: &str = "[calendar]\nname = \"tokyo\"\nzone = \"Asia/Tokyo\"\nbased-on = \"weekdays\"\n\
                   close = \"15:30\"\nyears = { first = 2024, last = 2027 }\n\n\
                   [calendar-amendments]\nclosed = [2026-01-06]\nsessions = [2026-01-10]\n";

/// Loads the world with one of the calendars into `books.db`.
fn loaded(calendar: &str) -> Workspace {
    let workspace = Workspace::new();
    let world = SATURDAY.replace("CALENDAR\n", calendar);
    // The amended New York closes at 21:00 UTC.
    let world = match calendar {
        AMENDED => world.replace("18:00:00Z", "23:00:00Z"),
        _ => world,
    };
    workspace.write("saturday.toml", &world);
    workspace.run_ok(&["--db", "books.db", "scenario", "load", "saturday.toml"]);
    workspace
}

fn json(workspace: &Workspace, arguments: &[&str]) -> Value {
    serde_json::from_str(&workspace.run_ok(&[&["--json"], arguments].concat())).unwrap()
}

/// Returns the days that a plan of `database` processes.
fn planned_days(workspace: &Workspace, database: &str) -> Vec<String> {
    let plan = json(workspace, &["--db", database, "plan"]);
    let days = plan["days"].as_array().unwrap_or_else(|| panic!("{plan}"));
    let steps = |day: &&Value| {
        day["steps"]
            .as_array()
            .is_some_and(|steps| !steps.is_empty())
    };
    let days = days.iter().filter(steps);
    days.map(|day| day["day"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_command_on_a_loaded_database_uses_the_calendar_of_the_world() {
    for calendar in [EVERY_DAY, AMENDED, OWN] {
        let workspace = loaded(calendar);
        assert_eq!(
            planned_days(&workspace, "books.db"),
            ["2026-01-10"],
            "{calendar}"
        );
        let replayed = workspace.run_ok(&["replay", "saturday.toml"]);
        assert!(replayed.contains("2026-01-10"), "{replayed}");
        let explained = workspace.run(&["--db", "books.db", "explain", "A", "2026-01-10"]);
        assert!(
            !explained.stdout.contains("not a session"),
            "{}",
            explained.stdout
        );
        assert_eq!(
            workspace
                .run(&["--db", "books.db", "check", "--max-lag", "0"])
                .code,
            1,
            "{calendar}"
        );

        let ran = workspace.run(&["--db", "books.db", "run"]);
        assert_eq!(ran.code, 0, "{calendar}: {}", ran.stdout);
        assert!(
            !ran.stdout.contains("the calendar changed"),
            "{}",
            ran.stdout
        );
        workspace.run_ok(&["--db", "books.db", "verify", "--all"]);
        workspace.run_ok(&["--db", "books.db", "check", "--max-lag", "0"]);
        assert!(
            planned_days(&workspace, "books.db").is_empty(),
            "{calendar}"
        );
    }
}

#[test]
fn a_backup_keeps_the_calendar() {
    let workspace = loaded(EVERY_DAY);
    workspace.run_ok(&["--db", "books.db", "backup", "copy.db"]);
    assert_eq!(planned_days(&workspace, "copy.db"), ["2026-01-10"]);
}

#[test]
fn a_captured_calendar_is_loaded_and_captured_again() {
    for calendar in [EVERY_DAY, AMENDED, OWN] {
        let workspace = loaded(calendar);
        let captured = workspace.run_ok(&["--db", "books.db", "capture"]);
        for line in calendar
            .lines()
            .filter(|line| line.starts_with(['[', 'n', 'z']))
        {
            assert!(captured.contains(line), "{line}: {captured}");
        }
        workspace.write("captured.toml", &captured);
        workspace.run_ok(&["--db", "again.db", "scenario", "load", "captured.toml"]);
        assert_eq!(
            planned_days(&workspace, "again.db"),
            ["2026-01-10"],
            "{captured}"
        );
        assert_eq!(workspace.run_ok(&["--db", "again.db", "capture"]), captured);
    }
}

#[test]
fn a_configured_calendar_replaces_that_of_the_database() {
    let workspace = loaded(EVERY_DAY);
    workspace.run_ok(&["--db", "books.db", "run"]);
    workspace.write("plimsoll.toml", "[calendar]\nname = \"new-york\"\n");
    let ran = workspace.run(&["--db", "books.db", "run"]);
    let output = ran.stdout + &ran.stderr;
    assert!(output.contains("the calendar changed"), "{output}");
    // It stays in force when the configuration names none any more.
    std::fs::remove_file(workspace.path("plimsoll.toml")).unwrap();
    assert!(planned_days(&workspace, "books.db").is_empty());
    let ran = workspace.run(&["--db", "books.db", "run"]);
    let output = ran.stdout + &ran.stderr;
    assert!(!output.contains("the calendar changed"), "{output}");
}

#[test]
fn verify_reports_a_damaged_calendar() {
    for damage in [
        "count = count + 1",
        "sessions = (SELECT ids FROM lifecycle_index LIMIT 1)",
        "definition = replace(definition, 'every-day', 'new-york')",
    ] {
        let workspace = loaded(EVERY_DAY);
        let connection = Connection::open(workspace.path("books.db")).unwrap();
        let sql = format!("UPDATE calendar SET {damage}");
        connection.execute(&sql, []).unwrap();
        drop(connection);
        let verified = workspace.run(&["--db", "books.db", "verify", "--all"]);
        assert_eq!(
            verified.code, 1,
            "{damage}: {} {}",
            verified.stdout, verified.stderr
        );
        assert!(
            verified.stdout.contains("calendar"),
            "{damage}: {}",
            verified.stdout
        );
    }
}
