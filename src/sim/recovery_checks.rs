//! What must hold of a disk that the next process has recovered, and once the run is made again.

use super::baseline::{Baseline, read_contents, run_until_done};
use super::recovery::RecoveredDisk;
use super::run_under_test::{RunUnderTest, SimError};
use crate::engine::{RunRequest, Settings};
use crate::query::{Claim, Sample, Verdict, verify};
use crate::scenario::script::RunEnd;
use crate::store::{Contents, RunState, SimulatedDisk, Store};

/// A recovered disk, looked at.
#[derive(Debug)]
pub(super) struct CheckedDisk {
    /// Everything that it says.
    pub(super) contents: Contents,
    /// How many batches its newest run has committed.
    pub(super) batches: i64,
    /// What does not hold of it.
    pub(super) violations: Vec<String>,
}

/// Looks at a recovered disk, and lets the run be made again on it.
pub(super) fn check_recovered_disk(
    subject: &RunUnderTest,
    course: &Baseline,
    recovered: &RecoveredDisk,
) -> Result<CheckedDisk, SimError> {
    let found = read_contents(&recovered.disk)?;
    let mut wrong = Vec::new();
    let untouched = course.books_before == found.without_history();
    let settings = if untouched {
        subject.settings_before()
    } else {
        subject.settings().clone()
    };
    check_database(subject, &settings, &recovered.disk, &mut wrong)?;
    check_rerun(subject, course, &recovered.disk.fork(), &mut wrong)?;
    if subject.request().force.is_some() && !untouched {
        check_next_run(subject, course, recovered, &mut wrong)?;
    }
    Ok(CheckedDisk {
        contents: found,
        batches: committed_batches(&recovered.disk)?,
        violations: wrong,
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

/// The database proves itself from its rows: nothing is torn, the ledger says what is there, each
/// cell comes out the same when it is computed anew. A run that was cut off is still said to be at
/// work.
fn check_database(
    subject: &RunUnderTest,
    settings: &Settings,
    disk: &SimulatedDisk,
    wrong: &mut Vec<String>,
) -> Result<(), SimError> {
    let store = Store::open(disk)?;
    let environment = subject.environment(1);
    let proof = verify(&store, settings, &environment, Sample::All, &|_| {})?;
    for check in &proof.checks {
        if let Verdict::Broken { findings, .. } = &check.verdict
            && check.claim != Claim::Runs
        {
            let said = findings.join("; ");
            let claim = check.claim.sentence();
            wrong.push(format!("it does not hold that {claim}: {said}"));
        }
    }
    Ok(())
}

/// The next process makes the run again: it ends as the undisturbed one did, with the same books,
/// nobody is said to be at work, and once more there is nothing to do.
fn check_rerun(
    subject: &RunUnderTest,
    course: &Baseline,
    disk: &SimulatedDisk,
    wrong: &mut Vec<String>,
) -> Result<(), SimError> {
    let attempt = subject.run(disk, subject.request(), 1, &|_| {});
    let end = run_until_done(subject, disk, attempt.end, 2);
    if end != course.end {
        let error = attempt.error().map(|error| format!(" ({error})"));
        wrong.push(format!(
            "made again, the run ends {end}{} and not {}",
            error.unwrap_or_default(),
            course.end
        ));
    }
    let resumed = read_contents(disk)?;
    if let Some(difference) = resumed.without_history().difference(&course.books) {
        wrong.push(format!(
            "made again, the run leaves other books: {difference}"
        ));
    }
    if matches!(end, RunEnd::Complete | RunEnd::Incomplete) {
        check_no_active_run(disk, wrong)?;
    }
    if end == RunEnd::Complete {
        check_idle_rerun(subject, disk, &resumed, wrong)?;
    }
    Ok(())
}

pub(super) fn check_no_active_run(
    disk: &SimulatedDisk,
    wrong: &mut Vec<String>,
) -> Result<(), SimError> {
    let store = Store::open(disk)?;
    let (running, holder) = store.read(|reading| {
        Ok::<_, SimError>((
            reading.runs_in_state(RunState::Running)?,
            reading.lease_holder()?,
        ))
    })?;
    for run in running {
        wrong.push(format!("run {} is said to be at work for ever", run.key));
    }
    if let Some(holder) = holder {
        wrong.push(format!("run {} still holds the lease", holder.run));
    }
    Ok(())
}

/// One more run writes nothing but its own row.
fn check_idle_rerun(
    subject: &RunUnderTest,
    disk: &SimulatedDisk,
    before: &Contents,
    wrong: &mut Vec<String>,
) -> Result<(), SimError> {
    let asked = RunRequest {
        force: None,
        ..subject.request().clone()
    };
    let attempt = subject.run(disk, &asked, 2, &|_| {});
    if attempt.has_done_cells() {
        wrong.push("after a complete run, another one finds something to do".to_owned());
    }
    let after = read_contents(disk)?.without_runs();
    if let Some(difference) = after.difference(&before.without_runs()) {
        wrong.push(format!("a run with nothing to do writes: {difference}"));
    }
    Ok(())
}

/// What was forced once is done again by whatever run comes next: old or new, and completed.
fn check_next_run(
    subject: &RunUnderTest,
    course: &Baseline,
    recovered: &RecoveredDisk,
    wrong: &mut Vec<String>,
) -> Result<(), SimError> {
    let plain = RunRequest {
        force: None,
        ..subject.request().clone()
    };
    let disk = recovered.disk.fork();
    let attempt = subject.run(&disk, &plain, 1, &|_| {});
    let books = read_contents(&disk)?.without_history();
    if attempt.end == course.end
        && let Some(difference) = books.difference(&course.books)
    {
        wrong.push(format!(
            "what was forced is not completed by the next run: {difference}"
        ));
    }
    Ok(())
}
