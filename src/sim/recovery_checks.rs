//! Checks a recovered disk, and the run repeated on it.

use super::baseline::{Baseline, read_contents, run_until_done};
use super::recovery::RecoveredDisk;
use super::run_under_test::{RunUnderTest, SimError};
use crate::engine::{RunRequest, Settings};
use crate::query::{Claim, Sample, Verdict, verify};
use crate::scenario::script::RunEnd;
use crate::store::{Contents, RunState, SimulatedDisk, Store};

/// A recovered disk with its violations.
#[derive(Debug)]
pub(super) struct CheckedDisk {
    /// The whole content of its database.
    pub(super) contents: Contents,
    /// The number of batches that its newest run committed.
    pub(super) batches: i64,
    /// The violations of the disk and of the repeated run.
    pub(super) violations: Vec<String>,
}

/// Checks a recovered disk, then repeats the run on a copy of it.
pub(super) fn check_recovered_disk(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    recovered: &RecoveredDisk,
) -> Result<CheckedDisk, SimError> {
    let found = read_contents(&recovered.disk)?;
    let mut violations = Vec::new();
    let untouched = baseline.books_before == found.without_history();
    // The crash may have come before the run applied its configuration; then the books agree with
    // the settings before it.
    let settings = if untouched {
        run_under_test.settings_before()
    } else {
        run_under_test.settings().clone()
    };
    check_database(run_under_test, &settings, &recovered.disk, &mut violations)?;
    // On a copy: the recovered disk is needed unchanged below.
    check_rerun(
        run_under_test,
        baseline,
        &recovered.disk.fork(),
        &mut violations,
    )?;
    // Before the run wrote anything, no run knows of the forced range.
    if run_under_test.request().force.is_some() && !untouched {
        check_next_run(run_under_test, baseline, recovered, &mut violations)?;
    }
    Ok(CheckedDisk {
        contents: found,
        batches: committed_batches(&recovered.disk)?,
        violations,
    })
}

fn committed_batches(disk: &SimulatedDisk) -> Result<i64, SimError> {
    Ok(Store::open(disk)?.read(|reading| {
        let newest = reading.runs(1)?;
        newest
            .first()
            .map_or(Ok(0), |newest| reading.batches(newest.number))
    })?)
}

/// Verifies the database from its rows: nothing is torn, the ledger agrees with the outputs, each
/// cell computes to the same bits. A crashed run may still be marked as running.
fn check_database(
    run_under_test: &RunUnderTest,
    settings: &Settings,
    disk: &SimulatedDisk,
    violations: &mut Vec<String>,
) -> Result<(), SimError> {
    let store = Store::open(disk)?;
    let environment = run_under_test.environment(1);
    let verification = verify(&store, settings, &environment, Sample::All, &|_| {})?;
    for check in &verification.checks {
        if let Verdict::Broken { findings, .. } = &check.verdict
            && check.claim != Claim::Runs
        {
            let claim = check.claim.sentence();
            violations.push(format!(
                "it does not hold that {claim}: {}",
                findings.join("; ")
            ));
        }
    }
    Ok(())
}

/// Repeats the run in the next process: it must end as the undisturbed one with the same books,
/// leave no run marked as running, and leave nothing to do.
fn check_rerun(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    disk: &SimulatedDisk,
    violations: &mut Vec<String>,
) -> Result<(), SimError> {
    let attempt = run_under_test.run(disk, run_under_test.request(), 1, &|_| {});
    let end = run_until_done(run_under_test, disk, attempt.end, 2);
    if end != baseline.end {
        let error = attempt.error().map(|error| format!(" ({error})"));
        violations.push(format!(
            "made again, the run ends {end}{} instead of {}",
            error.unwrap_or_default(),
            baseline.end
        ));
    }
    let resumed = read_contents(disk)?;
    if let Some(difference) = resumed.without_history().difference(&baseline.books) {
        violations.push(format!(
            "made again, the run leaves other books: {difference}"
        ));
    }
    if matches!(end, RunEnd::Complete | RunEnd::Incomplete) {
        check_no_active_run(disk, violations)?;
    }
    if end == RunEnd::Complete {
        check_idle_rerun(run_under_test, disk, &resumed, violations)?;
    }
    Ok(())
}

/// Checks that no run is marked as running and none holds the lease.
pub(super) fn check_no_active_run(
    disk: &SimulatedDisk,
    violations: &mut Vec<String>,
) -> Result<(), SimError> {
    let store = Store::open(disk)?;
    let (running, holder) = store.read(|reading| {
        Ok::<_, SimError>((
            reading.runs_in_state(RunState::Running)?,
            reading.lease_holder()?,
        ))
    })?;
    for run in running {
        violations.push(format!("run {} stays marked as running", run.key));
    }
    if let Some(holder) = holder {
        violations.push(format!("run {} still holds the lease", holder.run));
    }
    Ok(())
}

/// Checks that one more run writes nothing but its own row.
fn check_idle_rerun(
    run_under_test: &RunUnderTest,
    disk: &SimulatedDisk,
    before: &Contents,
    violations: &mut Vec<String>,
) -> Result<(), SimError> {
    let request = RunRequest {
        // Forced, the run would invalidate the range again.
        force: None,
        ..run_under_test.request().clone()
    };
    let attempt = run_under_test.run(disk, &request, 2, &|_| {});
    if attempt.has_done_cells() {
        violations.push("a run after a complete one still does cells".to_owned());
    }
    // `run` gets the row of the idle run itself.
    let after = read_contents(disk)?.without_runs();
    if let Some(difference) = after.difference(&before.without_runs()) {
        violations.push(format!("a run with nothing to do writes: {difference}"));
    }
    Ok(())
}

/// Checks that a forced range which a crash interrupted is completed by the next run, even one
/// without `force`.
fn check_next_run(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    recovered: &RecoveredDisk,
    violations: &mut Vec<String>,
) -> Result<(), SimError> {
    let plain = RunRequest {
        force: None,
        ..run_under_test.request().clone()
    };
    let disk = recovered.disk.fork();
    let attempt = run_under_test.run(&disk, &plain, 1, &|_| {});
    let books = read_contents(&disk)?.without_history();
    if attempt.end == baseline.end
        && let Some(difference) = books.difference(&baseline.books)
    {
        violations.push(format!(
            "the next run does not complete the forced cells: {difference}"
        ));
    }
    Ok(())
}
