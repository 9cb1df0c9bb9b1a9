//! Checks the disk that recovery from a crash leaves, then repeats the run on it and checks the
//! result.

use super::baseline::{Baseline, open_copy, read_contents, run_until_done};
use super::recovery::RecoveredDisk;
use super::run_under_test::{RunUnderTest, SimError};
use super::violation::Violation;
use crate::disk::SimulatedDisk;
use crate::engine::{RunRequest, Settings};
use crate::query::{Claim, Sample, Verdict, verify};
use crate::scenario::runner::BrokenClaim;
use crate::scenario::script::RunEnd;
use crate::store::{Contents, RunState};

/// The results of checking a recovered disk.
#[derive(Debug)]
pub(super) struct CheckedDisk {
    /// The whole content of its database.
    pub(super) contents: Contents,
    /// The number of batches that the newest run on the disk committed.
    pub(super) batches: i64,
    /// The violations found on the disk and in the repeated run.
    pub(super) violations: Vec<Violation>,
}

/// Checks a recovered disk, then repeats the run on a copy of it and checks the result.
pub(super) fn check_recovered_disk(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    recovered: &RecoveredDisk,
) -> Result<CheckedDisk, SimError> {
    let found = read_contents(&recovered.disk)?;
    let mut violations = Vec::new();
    let untouched = baseline.books_before == found.without_history();
    // If the crash came before the run applied its configuration, the books agree with the earlier
    // settings.
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
    // If the crash came before the run changed any books, the forced range is not stored, and no
    // later run can complete it.
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
    Ok(open_copy(disk)?.read(|reading| {
        let newest = reading.runs().latest(1)?;
        newest
            .first()
            .map_or(Ok(0), |newest| reading.runs().batches(newest.number))
    })?)
}

/// Verifies all claims on the whole database, except [`Claim::Runs`] and
/// [`Claim::Configuration`]: a crashed run may still be marked as running, and may not have put its
/// configuration in force.
fn check_database(
    run_under_test: &RunUnderTest,
    settings: &Settings,
    disk: &SimulatedDisk,
    violations: &mut Vec<Violation>,
) -> Result<(), SimError> {
    let store = open_copy(disk)?;
    let environment = run_under_test.environment(1);
    let verification = verify(&store, settings, &environment, Sample::All, &|_| {})?;
    for check in &verification.checks {
        if let Verdict::Broken { findings, .. } = &check.verdict
            && !matches!(check.claim, Claim::Runs | Claim::Configuration)
        {
            violations.push(Violation::Claim(BrokenClaim {
                claim: check.claim,
                findings: findings.clone(),
            }));
        }
    }
    Ok(())
}

/// Repeats the run in the next process. It must have the end and the books of the baseline, leave
/// no run marked as running and, if it ends complete, leave nothing to do.
fn check_rerun(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    disk: &SimulatedDisk,
    violations: &mut Vec<Violation>,
) -> Result<(), SimError> {
    let attempt = run_under_test.run(disk, run_under_test.request(), 1, &|_| {});
    let end = run_until_done(run_under_test, disk, attempt.end, 2);
    if end != baseline.end {
        violations.push(Violation::RerunEnd {
            found: end,
            expected: baseline.end,
            error: attempt.error(),
        });
    }
    let resumed = read_contents(disk)?;
    if let Some(difference) = resumed.without_history().difference(&baseline.books) {
        violations.push(Violation::RerunBooks(difference));
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
    violations: &mut Vec<Violation>,
) -> Result<(), SimError> {
    let store = open_copy(disk)?;
    let (running, holder) = store.read(|reading| {
        Ok::<_, SimError>((
            reading.runs().in_state(RunState::Running)?,
            reading.lease().holder()?,
        ))
    })?;
    for run in running {
        violations.push(Violation::StaysRunning(run.key.to_string()));
    }
    if let Some(holder) = holder {
        violations.push(Violation::StillHoldsLease(holder.run.to_string()));
    }
    Ok(())
}

/// Checks that one more run writes nothing but its own row.
fn check_idle_rerun(
    run_under_test: &RunUnderTest,
    disk: &SimulatedDisk,
    before: &Contents,
    violations: &mut Vec<Violation>,
) -> Result<(), SimError> {
    let request = RunRequest {
        // With `force`, the run would invalidate the range again.
        force: None,
        ..run_under_test.request().clone()
    };
    let attempt = run_under_test.run(disk, &request, 2, &|_| {});
    if attempt.has_done_cells() {
        violations.push(Violation::WorkAfterComplete);
    }
    // The table `run` is left out: the idle run adds its own row to it.
    let after = read_contents(disk)?.without_runs();
    if let Some(difference) = after.difference(&before.without_runs()) {
        violations.push(Violation::IdleRunWrites(difference));
    }
    Ok(())
}

/// Checks that the next run completes a forced range that a crash interrupted, although it does not
/// have `force` itself.
fn check_next_run(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    recovered: &RecoveredDisk,
    violations: &mut Vec<Violation>,
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
        violations.push(Violation::ForcedCellsLost(difference));
    }
    Ok(())
}
