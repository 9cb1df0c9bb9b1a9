//! Two writers at once on one disk, which take turns at their calls. They leave what one leaves after
//! the other, or what one leaves alone if the other is refused.

use std::thread;

use plimsoll::disk::{Interleaving, Side, SimulatedDisk, TurnSchedule};
use plimsoll::store::{Contents, Store};

use super::scene::{Found, Scene, Writer, Written, contents, writers};

/// The longest turn, in calls.
const LONGEST_TURN: u32 = 48;

/// A nightly run, which does the last session of one portfolio.
static RUN: Writer = Writer::new("a run", |scene, store| {
    scene.run(&store, &|_| {})?;
    Ok(())
});

/// Which of two writers succeeded, and the rows that they left.
#[derive(Debug, PartialEq)]
struct End {
    has_succeeded: [bool; 2],
    rows: Contents,
}

/// Writes with both writers by `in_order`, and returns the end. After a run, one more run is made, and
/// the rows that tell how the books came about are left out: their order may differ.
fn end(
    scene: &Scene,
    pair: [&Writer; 2],
    in_order: impl FnOnce(&SimulatedDisk) -> [Written; 2],
) -> Result<End, String> {
    let disk = scene.disk.fork();
    let has_succeeded = in_order(&disk).map(|written| written.is_ok());
    let has_run = pair.iter().any(|writer| writer.name == RUN.name);
    if has_run {
        let again = scene.write(&RUN, &disk);
        again.map_err(|error| format!("the next run fails: {error}"))?;
    }
    scene.verified(&disk)?;
    let rows = contents(&disk).map_err(|error| error.to_string())?;
    Ok(End {
        has_succeeded,
        rows: if has_run {
            rows.without_history()
        } else {
            rows
        },
    })
}

/// Writes with both writers at once, in an order of calls that the seed determines.
fn write_at_once(
    scene: &Scene,
    pair: [&'static Writer; 2],
    seed: u64,
    disk: &SimulatedDisk,
) -> [Written; 2] {
    let interleaving = Interleaving::new(TurnSchedule {
        seed,
        max_calls: LONGEST_TURN,
        frozen_at: None,
    });
    let write = |side, writer| {
        let _finish = FinishOnDrop(&interleaving, side);
        let view = disk.interleaved(&interleaving, side);
        let written = scene.write(writer, &view);
        written.map_err(|error| error.to_string())
    };
    let [first, second] = thread::scope(|scope| {
        let second = scope.spawn(|| write(Side::Second, pair[1]));
        let first = write(Side::First, pair[0]);
        [first, second.join().expect("a writer does not panic")]
    });
    [first.map_err(Into::into), second.map_err(Into::into)]
}

/// Ends the turns of a side even if its writer panics: the other one would wait for ever.
struct FinishOnDrop<'t>(&'t Interleaving, Side);

impl Drop for FinishOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish(self.1);
    }
}

/// Makes a pair with so many seeds, and returns the number of those in which both succeeded.
fn explore_pair(pair: [&'static Writer; 2], seeds: u64) -> Result<usize, String> {
    let [first, second] = pair;
    let scene = Scene::new();
    for writer in pair {
        let prepared = Store::open(&scene.disk).map_err(Into::into);
        let prepared = prepared.and_then(|store| (writer.prepare)(&scene, store));
        prepared.map_err(|error| format!("{} is not prepared: {error}", writer.name))?;
    }
    let write = |writer, disk: &SimulatedDisk| scene.write(writer, disk);
    let refused = || Err("refused".into());
    let expected = [
        end(&scene, pair, |disk| {
            [write(first, disk), write(second, disk)]
        }),
        end(&scene, pair, |disk| {
            let second = write(second, disk);
            [write(first, disk), second]
        }),
        end(&scene, pair, |disk| [write(first, disk), refused()]),
        end(&scene, pair, |disk| [refused(), write(second, disk)]),
    ];
    let expected: Vec<End> = expected.into_iter().collect::<Result<_, _>>()?;
    let mut both = 0;
    for seed in 1..=seeds {
        let found = end(&scene, pair, |disk| write_at_once(&scene, pair, seed, disk));
        let found = found.map_err(|error| format!("seed {seed}: {error}"))?;
        if !expected.contains(&found) {
            return Err(format!(
                "seed {seed}: another end, {:?}",
                found.has_succeeded
            ));
        }
        both += usize::from(found.has_succeeded == [true; 2]);
    }
    Ok(both)
}

/// Makes each writer of one transaction beside a run, and beside the next writer: every `step`-th of
/// these pairs, with so many seeds.
pub(crate) fn explore_writers_at_once(step: usize, seeds: u64) -> Found {
    let all: Vec<_> = writers().filter(|writer| writer.has_one_state()).collect();
    let beside_runs = all.iter().map(|writer| [*writer, &RUN]);
    let beside_others = all.windows(2).map(|pair| [pair[0], pair[1]]);
    let mut both = 0;
    for pair in beside_runs.chain(beside_others).step_by(step) {
        let found = explore_pair(pair, seeds);
        both += found.map_err(|error| format!("{} and {}: {error}", pair[0].name, pair[1].name))?;
    }
    match both {
        0 => Err("no two writers succeeded".to_owned()),
        _ => Ok(()),
    }
}

#[test]
fn two_writers_at_once_leave_what_one_leaves_after_the_other() {
    assert_eq!(explore_writers_at_once(4, 2), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn two_writers_at_once_in_many_orders_leave_what_one_leaves_after_the_other() {
    assert_eq!(explore_writers_at_once(1, 100), Ok(()));
}
