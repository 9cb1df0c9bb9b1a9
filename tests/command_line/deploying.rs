//! The shipped systemd units, Prometheus rules and Grafana dashboard fit the program.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{NaiveTime, TimeDelta, TimeZone};
use plimsoll::domain::{Calendar, DayRange};

use crate::workspace::Workspace;

const BEHIND: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    A = { inception = 2026-01-02, complete = \"..2026-01-05\" }\n";

fn read_deploy_file(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    std::fs::read_to_string(folder.join(path)).unwrap()
}

fn read_unit(name: &str) -> String {
    read_deploy_file(&format!("systemd/{name}"))
}

/// Returns the values of a key of a unit, in the order of its lines.
fn unit_values<'u>(unit: &'u str, key: &str) -> Vec<&'u str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(known, _)| *known == key)
        .map(|(_, value)| value)
        .collect()
}

/// Returns the arguments with which a unit starts the program.
fn arguments(unit: &str) -> Vec<&str> {
    let [command] = unit_values(unit, "ExecStart")[..] else {
        panic!("one command: {unit}");
    };
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/plimsoll"));
    words.collect()
}

#[test]
fn the_watchdog_unit_fails_until_the_nightly_run_ends() {
    let workspace = Workspace::from_world(BEHIND);
    let (run, check) = (
        read_unit("plimsoll-run.service"),
        read_unit("plimsoll-check.service"),
    );
    assert_eq!(workspace.run(&arguments(&check)).code, 1);
    assert_eq!(workspace.run(&arguments(&run)).code, 0);
    assert_eq!(workspace.run(&arguments(&check)).code, 0);
}

#[test]
fn a_busy_run_is_a_success_for_the_unit() {
    let lease = "[run-left-running]\nlease = \"live\"\n";
    let workspace = Workspace::from_world(&format!("{BEHIND}{lease}"));
    // Leases use the wall clock, by which the lease of the world has long expired.
    let file = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    let changed = file.execute("UPDATE lease SET expires = 9000000000000000", []);
    assert_eq!(changed.unwrap(), 1);
    let run = read_unit("plimsoll-run.service");
    let code = workspace.run(&arguments(&run)).code.to_string();
    assert_eq!(unit_values(&run, "SuccessExitStatus"), [code]);
}

#[test]
fn the_timer_fires_only_after_a_session_is_final() {
    let calendar = Calendar::new_york();
    let year = DayRange::new("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap()).unwrap();
    let timer = read_unit("plimsoll-run.timer");
    let times = unit_values(&timer, "OnCalendar");
    assert_eq!(times.len(), 2);
    for time in times {
        let words: Vec<_> = time.split(' ').collect();
        let [_, _, clock, zone] = words[..] else {
            panic!("weekdays, days, a time and a zone: {time}");
        };
        assert_eq!(zone, calendar.zone().name());
        let clock: NaiveTime = clock.parse().unwrap();
        for session in calendar.sessions(year).unwrap() {
            let local = session.to_date().and_time(clock);
            let at = calendar
                .zone()
                .from_local_datetime(&local)
                .unwrap()
                .to_utc();
            let last = calendar.last_final(at, TimeDelta::minutes(30)).unwrap();
            assert_eq!(last, *session, "{time}");
        }
    }
}

#[test]
fn units_may_write_only_their_working_directory() {
    for name in ["run", "check", "serve"] {
        let unit = read_unit(&format!("plimsoll-{name}.service"));
        assert_eq!(arguments(&unit)[0], name);
        assert_eq!(unit_values(&unit, "ProtectSystem"), ["strict"]);
        assert_eq!(
            unit_values(&unit, "ReadWritePaths"),
            unit_values(&unit, "WorkingDirectory")
        );
        assert_eq!(unit_values(&unit, "User"), ["plimsoll"]);
    }
}

/// Returns the names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    names.filter(|name| name.starts_with("plimsoll_")).collect()
}

#[test]
fn rules_and_dashboard_use_existing_metrics() {
    let workspace = Workspace::from_world(BEHIND);
    workspace.run_ok(&["run"]);
    let exported = workspace.run_ok(&["-q", "metrics"]);
    for file in ["prometheus/plimsoll.rules.yml", "grafana/plimsoll.json"] {
        let text = read_deploy_file(file);
        let used = metrics(&text);
        assert!(used.len() >= 5, "{used:?}");
        let unknown: Vec<_> = used.difference(&metrics(&exported)).copied().collect();
        assert!(unknown.is_empty(), "{file} uses {unknown:?}");
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&read_deploy_file("grafana/plimsoll.json")).unwrap();
    assert_eq!(dashboard["panels"].as_array().unwrap().len(), 11);
}

#[test]
fn the_metrics_file_is_replaced_atomically_and_is_world_readable() {
    let workspace = Workspace::from_world(BEHIND);
    workspace.write("plimsoll.prom", "old text");
    workspace.run_ok(&["metrics", "--file", "plimsoll.prom"]);
    let text = std::fs::read_to_string(workspace.path("plimsoll.prom")).unwrap();
    assert_eq!(text, workspace.run_ok(&["-q", "metrics"]));
    assert!(text.contains("plimsoll_lag_sessions 3"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = workspace.path("plimsoll.prom").metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o644);
    }
    for entry in std::fs::read_dir(workspace.path("")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            name.to_string_lossy().starts_with("plimsoll."),
            "{name:?} is not removed"
        );
    }
    assert_eq!(workspace.run(&["metrics", "--file", "no/where"]).code, 3);
}
