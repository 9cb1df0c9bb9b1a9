//! The units that ship do what they say: their commands run, and at times when there is work.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{NaiveTime, TimeDelta, TimeZone};
use plimsoll::domain::{Calendar, DayRange};

use crate::bench::Bench;

const BEHIND: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    A = { inception = 2026-01-02, complete = \"..2026-01-05\" }\n";

fn deployed(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    std::fs::read_to_string(folder.join(path)).unwrap()
}

fn unit(name: &str) -> String {
    deployed(&format!("systemd/{name}"))
}

/// What a unit says of a key, line by line.
fn said<'u>(unit: &'u str, key: &str) -> Vec<&'u str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines
        .filter(|(known, _)| *known == key)
        .map(|(_, value)| value)
        .collect()
}

/// The arguments with which a unit starts the program.
fn arguments(unit: &str) -> Vec<&str> {
    let [command] = said(unit, "ExecStart")[..] else {
        panic!("one command: {unit}");
    };
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/plimsoll"));
    words.collect()
}

#[test]
fn the_watchdog_fails_until_the_nightly_run_was_there() {
    let bench = Bench::of_world(BEHIND);
    let (run, check) = (unit("plimsoll-run.service"), unit("plimsoll-check.service"));
    assert_eq!(bench.run(&arguments(&check)).code, 1);
    assert_eq!(bench.run(&arguments(&run)).code, 0);
    assert_eq!(bench.run(&arguments(&check)).code, 0);
}

#[test]
fn a_run_that_finds_another_at_work_is_no_failure_of_the_unit() {
    let lease = "[run-left-running]\nlease = \"live\"\n";
    let bench = Bench::of_world(&format!("{BEHIND}{lease}"));
    // A lease runs by the clock on the wall, for which that of the world is long over.
    let file = rusqlite::Connection::open(bench.path("plimsoll.db")).unwrap();
    let changed = file.execute("UPDATE lease SET expires = 9000000000000000", []);
    assert_eq!(changed.unwrap(), 1);
    let run = unit("plimsoll-run.service");
    let code = bench.run(&arguments(&run)).code.to_string();
    assert_eq!(said(&run, "SuccessExitStatus"), [code]);
}

#[test]
fn whenever_the_timer_runs_on_a_session_that_session_is_final() {
    let calendar = Calendar::new_york();
    let year = DayRange::new("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap()).unwrap();
    let timer = unit("plimsoll-run.timer");
    let times = said(&timer, "OnCalendar");
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
fn every_unit_that_starts_the_program_may_write_its_folder_and_nothing_else() {
    for name in ["run", "check", "serve"] {
        let unit = unit(&format!("plimsoll-{name}.service"));
        assert_eq!(arguments(&unit)[0], name);
        assert_eq!(said(&unit, "ProtectSystem"), ["strict"]);
        assert_eq!(
            said(&unit, "ReadWritePaths"),
            said(&unit, "WorkingDirectory")
        );
        assert_eq!(said(&unit, "User"), ["plimsoll"]);
    }
}

/// The names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<&str> {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    names.filter(|name| name.starts_with("plimsoll_")).collect()
}

#[test]
fn rules_and_dashboard_ask_for_metrics_that_there_are() {
    let bench = Bench::of_world(BEHIND);
    bench.ok(&["run"]);
    let there_are = bench.ok(&["-q", "metrics"]);
    for file in ["prometheus/plimsoll.rules.yml", "grafana/plimsoll.json"] {
        let asked = deployed(file);
        let asked = metrics(&asked);
        assert!(asked.len() >= 5, "{asked:?}");
        let unknown: Vec<_> = asked.difference(&metrics(&there_are)).copied().collect();
        assert!(unknown.is_empty(), "{file} asks for {unknown:?}");
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&deployed("grafana/plimsoll.json")).unwrap();
    assert_eq!(dashboard["panels"].as_array().unwrap().len(), 11);
}

#[test]
fn a_file_of_metrics_is_replaced_whole_and_can_be_read_by_others() {
    let bench = Bench::of_world(BEHIND);
    bench.write("plimsoll.prom", "of before");
    bench.ok(&["metrics", "--file", "plimsoll.prom"]);
    let text = std::fs::read_to_string(bench.path("plimsoll.prom")).unwrap();
    assert_eq!(text, bench.ok(&["-q", "metrics"]));
    assert!(text.contains("plimsoll_lag_sessions 3"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let of_file = bench.path("plimsoll.prom").metadata().unwrap();
        assert_eq!(of_file.permissions().mode() & 0o777, 0o644);
    }
    for entry in std::fs::read_dir(bench.path("")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            name.to_string_lossy().starts_with("plimsoll."),
            "{name:?} is left"
        );
    }
    assert_eq!(bench.run(&["metrics", "--file", "no/where"]).code, 3);
}
