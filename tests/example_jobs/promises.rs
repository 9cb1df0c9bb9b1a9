//! The table of promises and jobs in `docs/jobs.md` is what the scenarios find.

use std::process::Command;

use crate::table::{APPLICABLE, broken, check_sqlalchemy_jobs, documented, python_has, root};

#[test]
fn the_job_files_outside_the_table_are_right() {
    for job in ["every_missing_day_sql", "newest_of_each"] {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .current_dir(root())
            .args(["job", "check", &format!("examples/jobs/{job}.toml")])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{job}: {text}");
    }
}

#[test]
fn the_table_of_promises_shows_what_each_job_breaks() {
    let documented = documented();
    assert_eq!(documented.len(), 4);
    for (job, promises) in documented {
        assert_eq!(broken(&job, None, APPLICABLE), promises, "{job}");
    }
}

#[test]
fn the_jobs_with_sqlalchemy_break_the_promises_of_the_table_on_sqlite() {
    if python_has("sqlalchemy") {
        check_sqlalchemy_jobs("_sqlalchemy", None);
    }
}

#[test]
fn the_amounts_of_a_snapshot_of_the_world_are_not_those_of_the_job() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("half.toml");
    let half = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                A = { inception = 2026-01-05, complete = \"..2026-01-07\", \
                phases = { 2026-01-08 = [\"snapshot\", \"positions\", \"exposures\"] } }\n\
                [[step]]\nrun = {}\n";
    std::fs::write(&world, half).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(root())
        .args(["scenario", "run"])
        .arg(&world)
        .args(["--job", "examples/jobs/every_missing_day.toml"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
}
