//! The checkpoint that SQLite makes by itself: a commit that leaves a log of 1,000 frames copies them
//! into the database, and the next one writes the log from its beginning again. A run that commits
//! cell by cell gets there. It is crashed around that checkpoint, and faults are injected.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

use plimsoll::disk::{Call, CrashState, Operation, SimulatedDisk, SurvivingOperations};
use plimsoll::engine::RunEvent;
use plimsoll::query::{Sample, verify};
use plimsoll::store::{Contents, Store};

use super::faults::{all_faults, calls_of, inject_each};
use super::scene::{Found, Scene, Written, contents, each_crash};

const WORLD: &str = r#"
now = 2026-01-08T18:00:00-05:00
[portfolios]
"P1..P120" = { inception = 2026-01-05, cash = 1_000, holdings = { ACME = 10 }, complete = "..2026-01-05" }
[prices]
ACME = { 2026-01-05 = 10, 2026-01-06 = 10, 2026-01-07 = 11, 2026-01-08 = 12 }
"#;

/// A run that nothing disturbs, and the part that is explored: from the commit before the one that
/// copies the log to the second commit after it.
struct Recorded {
    scene: Scene,
    log: Vec<Operation>,
    /// The number of operations by the end of each commit of the explored part.
    commits: Vec<usize>,
    books: Contents,
}

impl Recorded {
    fn new() -> Result<Self, String> {
        let mut scene = Scene::of(WORLD);
        scene.settings.batch_cells = NonZeroUsize::MIN;
        let disk = scene.disk.fork();
        let commits = Mutex::new(Vec::new());
        disk.start_log();
        let ran = run(&scene, &disk, || lock(&commits).push(disk.log_length()));
        let log = disk.end_log();
        ran.map_err(|error| error.to_string())?;
        let commits = std::mem::take(&mut *lock(&commits));
        let copied = first_copied_page(&log).ok_or("the log is not copied")?;
        let next = commits.partition_point(|commit| *commit <= copied);
        let explored = next
            .checked_sub(1)
            .and_then(|first| commits.get(first..=next + 2));
        let explored = explored.ok_or_else(|| {
            let count = commits.len();
            format!("the log is copied after {next} of {count} commits")
        });
        Ok(Self {
            commits: explored?.to_vec(),
            books: contents(&disk).map_err(text)?.without_history(),
            scene,
            log,
        })
    }

    fn explored(&self) -> Range<usize> {
        self.commits[0]..self.commits[self.commits.len() - 1]
    }

    /// Returns the disk at the end of a commit, which a power cut does not change.
    fn after_commit(&self, commit: usize) -> SimulatedDisk {
        let mut state = CrashState::from_disk(&self.scene.disk);
        let log = self.log[..commit].iter();
        log.for_each(|operation| state.apply(operation));
        assert_eq!(state.pending(), [], "a commit is durable");
        state.image(&SurvivingOperations {
            complete: Vec::new(),
            torn: None,
        })
    }

    /// Returns the rows of a disk that was left of a run. Fails if `verify` finds damage, or if the
    /// next run does not complete the books.
    fn check(&self, left: &SimulatedDisk) -> Result<Contents, String> {
        let disk = left.fork();
        let (settings, environment) = (&self.scene.settings, self.scene.environment());
        let store = Store::open(&disk).map_err(text)?;
        let verified = verify(&store, settings, &environment, Sample::All, &|_| {});
        let verified = verified.map_err(text)?;
        if !verified.is_undamaged() {
            return Err(format!("verify finds {verified:?}"));
        }
        drop(store);
        let ran = run(&self.scene, &disk, || {});
        ran.map_err(|error| format!("the next run fails: {error}"))?;
        let books = contents(&disk).map_err(text)?.without_history();
        match books.difference(&self.books) {
            Some(difference) => Err(format!("after the next run, {difference}")),
            None => contents(left).map_err(text),
        }
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic of its holder")
}

/// Makes a run, and calls `on_commit` after each commit of a cell.
fn run(scene: &Scene, disk: &SimulatedDisk, on_commit: impl Fn() + Sync) -> Written {
    scene.run(&Store::open(disk)?, &|event| {
        if matches!(event, RunEvent::Committed { .. }) {
            on_commit();
        }
    })?;
    Ok(())
}

/// Returns the index of the first write to the database. All other files are created with the log.
fn first_copied_page(log: &[Operation]) -> Option<usize> {
    let created = log.iter().filter_map(|operation| match operation {
        Operation::Create { file, .. } => Some(*file),
        _ => None,
    });
    let created: Vec<_> = created.collect();
    log.iter().position(
        |operation| matches!(operation, Operation::Write { file, .. } if !created.contains(file)),
    )
}

/// Crashes the explored part, and checks every `step`-th disk: it has the rows of the last commit
/// that was reported, or of the one in progress.
fn crash_around_checkpoint(step: usize) -> Found {
    let recorded = Recorded::new()?;
    let commits = &recorded.commits;
    let disks = commits.iter().map(|commit| recorded.after_commit(*commit));
    let states = disks.map(|disk| contents(&disk).map_err(text));
    let states: Vec<Contents> = states.collect::<Result<_, _>>()?;
    let mut checked = BTreeMap::new();
    let log = &recorded.log[recorded.explored()];
    let before = recorded.after_commit(commits[0]);
    each_crash(&before, log, step, |point, image| {
        let place = |error: String| format!("after {point} operations: {error}");
        // Opening for writing empties the log: many images become one disk.
        let recovered = Store::open(image).and_then(|store| store.writer().map(drop));
        recovered.map_err(|error| place(error.to_string()))?;
        let rows = match checked.entry(image.digest()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(recorded.check(image).map_err(place)?),
        };
        let reached = commits[0] + point + 1;
        let reported = commits.partition_point(|commit| *commit <= reached) - 1;
        match states[reported..].iter().take(2).any(|state| state == rows) {
            true => Ok(()),
            false => Err(place("the rows of an earlier or a later commit".to_owned())),
        }
    })
}

/// Injects every `step`-th fault into the calls of the explored part. No commit that was reported is
/// lost.
fn inject_faults_around_checkpoint(step: usize) -> Found {
    let recorded = Recorded::new()?;
    let (scene, log) = (&recorded.scene, &recorded.log);
    let reported = AtomicU64::new(0);
    let work = |disk: &SimulatedDisk| {
        reported.store(0, Relaxed);
        run(scene, disk, || {
            reported.fetch_add(1, Relaxed);
        })
    };
    let calls = calls_of(&scene.disk, work)?;
    // Each sync in the log is one of the calls.
    let call_after = |operations: usize| {
        let is_sync = |operation: &&Operation| matches!(operation, Operation::Sync { .. });
        let syncs = log[..operations].iter().filter(is_sync).count();
        let mut of_syncs = (0..calls.len()).filter(|at| calls[*at] == Call::Sync);
        of_syncs.nth(syncs).unwrap_or(calls.len())
    };
    let Range { start, end } = recorded.explored();
    let explored = call_after(start)..call_after(end);
    let faults = all_faults(&calls).filter(|fault| explored.contains(&fault.at));
    inject_each(&scene.disk, faults.step_by(step), work, |left, _| {
        recorded.check(left)?;
        let newest = Store::open(&left.fork())
            .and_then(|store| store.read(|reading| Ok(reading.runs().latest(1)?.pop())));
        let stored = newest.map_err(text)?.map_or(0, |run| run.progress.done);
        match reported.load(Relaxed) <= stored {
            true => Ok(()),
            false => Err(format!(
                "more commits were reported than the {stored} stored"
            )),
        }
    })
}

#[test]
fn a_crash_around_the_checkpoint_of_a_commit_loses_nothing() {
    assert_eq!(crash_around_checkpoint(41), Ok(()));
}

#[test]
fn a_fault_around_the_checkpoint_of_a_commit_loses_nothing() {
    assert_eq!(inject_faults_around_checkpoint(61), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_crash_around_the_checkpoint_of_a_commit_loses_nothing() {
    assert_eq!(crash_around_checkpoint(1), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn every_fault_around_the_checkpoint_of_a_commit_loses_nothing() {
    assert_eq!(inject_faults_around_checkpoint(1), Ok(()));
}
