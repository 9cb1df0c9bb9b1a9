//! Lets two threads use one disk in an order of calls that a seed determines, so that each run of a
//! seed is the same.
//!
//! A call waits for the turn of its side. A turn is a number of calls. A side that sleeps gives its
//! turn away, and a side that has finished gets none. During a turn the other side is stopped.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::digest::Digest;

/// One of the two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The side that has the first turn.
    First,
    /// The side that has the second turn.
    Second,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// The rules by which turns change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnSchedule {
    /// Seed of the length of each turn.
    pub seed: u64,
    /// Most calls of one turn.
    pub max_calls: u32,
    /// Index of the call, from 0, before which the first side stops until the second has finished.
    pub frozen_at: Option<u64>,
}

/// The turns of two sides, shared by both.
#[derive(Debug)]
pub struct Interleaving {
    schedule: TurnSchedule,
    state: Mutex<TurnState>,
    changed: Condvar,
}

#[derive(Debug)]
struct TurnState {
    current: Side,
    calls_left: u32,
    turns_started: u64,
    finished: [bool; 2],
    calls: [u64; 2],
    /// Digest of the sides in the order of their calls.
    order: Sha256,
}

thread_local! {
    /// Side of the last call of this thread: SQLite does not pass a file when it sleeps.
    static LAST_CALLER: RefCell<Option<(Arc<Interleaving>, Side)>> = const { RefCell::new(None) };
}

impl Interleaving {
    /// Starts with the turn of the first side.
    pub fn new(schedule: TurnSchedule) -> Arc<Self> {
        let interleaving = Self {
            schedule,
            state: Mutex::new(TurnState {
                current: Side::First,
                calls_left: 0,
                turns_started: 0,
                finished: [false; 2],
                calls: [0; 2],
                order: Sha256::new(),
            }),
            changed: Condvar::new(),
        };
        interleaving.start_turn(&mut interleaving.state(), Side::First);
        Arc::new(interleaving)
    }

    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of `side` and counts a call.
    pub(super) fn wait_turn(self: &Arc<Self>, side: Side) {
        self.run_in_turn(side, || ());
    }

    /// Waits for the turn of `side`, then calls `work` and counts a call.
    ///
    /// A turn ends at the call after its last one, not after its last one: between its calls a side
    /// changes memory that both share, and the other must not see half of a change.
    fn run_in_turn(self: &Arc<Self>, side: Side, work: impl FnOnce()) {
        LAST_CALLER.with(|last| *last.borrow_mut() = Some((Arc::clone(self), side)));
        let mut now = self.state();
        // The turn was used up by the last call; it ends only now.
        if now.current == side && now.calls_left == 0 {
            self.start_turn(&mut now, side.other());
        }
        loop {
            now = self.wait_for(side, now);
            if !self.is_frozen(side, &now) {
                break;
            }
            // Stopped: the turn goes to the other side until that has finished.
            self.start_turn(&mut now, side.other());
        }
        work();
        now.calls[side.index()] += 1;
        now.order.update([side.index() as u8]);
        now.calls_left = now.calls_left.saturating_sub(1);
    }

    fn wait_for<'n>(
        &self,
        side: Side,
        mut now: MutexGuard<'n, TurnState>,
    ) -> MutexGuard<'n, TurnState> {
        // The turn may just have changed, so the other side is woken before this one waits.
        self.changed.notify_all();
        while now.current != side {
            now = self
                .changed
                .wait(now)
                .unwrap_or_else(PoisonError::into_inner);
        }
        now
    }

    fn is_frozen(&self, side: Side, now: &TurnState) -> bool {
        side == Side::First
            && self.schedule.frozen_at == Some(now.calls[0])
            && !now.finished[Side::Second.index()]
    }

    /// Gives the next turn to `side`, or to the other one if `side` has finished.
    fn start_turn(&self, now: &mut TurnState, side: Side) {
        now.current = if now.finished[side.index()] {
            side.other()
        } else {
            side
        };
        now.turns_started += 1;
        let mut sum = Sha256::new();
        sum.update(self.schedule.seed.to_le_bytes());
        sum.update(now.turns_started.to_le_bytes());
        let random = sum.finalize();
        let random = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
        now.calls_left = 1 + random % self.schedule.max_calls.max(1);
    }

    /// Waits for the turn of `side`, calls `last`, then finishes `side`.
    pub fn finish_with(self: &Arc<Self>, side: Side, last: impl FnOnce()) {
        self.run_in_turn(side, last);
        self.finish(side);
    }

    /// Ends the calls of `side`, without waiting for its turn.
    pub fn finish(&self, side: Side) {
        let mut now = self.state();
        now.finished[side.index()] = true;
        // A turn that is not passed on would stop the other side for ever.
        if now.current == side {
            self.start_turn(&mut now, side.other());
        }
        self.changed.notify_all();
    }

    /// Returns the number of calls of each side and the digest of their order.
    pub fn trace(&self) -> ([u64; 2], Digest) {
        let now = self.state();
        (now.calls, Digest(now.order.clone().finalize().into()))
    }
}

/// Simulated duration of a call, by which the length of a sleep is counted in calls.
const CALL_DURATION: Duration = Duration::from_micros(50);

/// Sleeps in simulated time: gives the turn away and continues with the next one, which is after as
/// many calls of the other side as fit in `time`, or when the other side sleeps too. Only yields
/// the thread if it has used no shared disk.
pub(super) fn sleep(time: Duration) {
    let last = LAST_CALLER.with(|last| last.borrow().clone());
    match last {
        None => std::thread::yield_now(),
        Some((interleaving, side)) => {
            let mut now = interleaving.state();
            // The thread may have continued with a disk of its own.
            if now.finished[side.index()] {
                return;
            }
            if now.current == side {
                interleaving.start_turn(&mut now, side.other());
                let calls = time.as_micros() / CALL_DURATION.as_micros();
                now.calls_left = now
                    .calls_left
                    .saturating_add(u32::try_from(calls).unwrap_or(u32::MAX));
            }
            drop(interleaving.wait_for(side, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs both sides with `count` calls each. Returns the calls of both after each call of the
    /// first.
    fn run_interleaved(schedule: TurnSchedule, count: u64) -> (Arc<Interleaving>, Vec<[u64; 2]>) {
        let interleaving = Interleaving::new(schedule);
        let run = |side| {
            let calls = (0..count).map(|_| {
                interleaving.wait_turn(side);
                interleaving.trace().0
            });
            let calls: Vec<_> = calls.collect();
            interleaving.finish(side);
            calls
        };
        let calls = std::thread::scope(|scope| {
            let second = scope.spawn(|| run(Side::Second));
            let first = run(Side::First);
            second.join().unwrap();
            first
        });
        (interleaving, calls)
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
        let order = |seed| {
            let schedule = TurnSchedule {
                seed,
                max_calls: 5,
                frozen_at: None,
            };
            run_interleaved(schedule, 200).0.trace()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).0, [200, 200]);
    }

    #[test]
    fn frozen_side_resumes_when_the_other_finishes() {
        let schedule = TurnSchedule {
            seed: 1,
            max_calls: 3,
            frozen_at: Some(10),
        };
        let (_, calls) = run_interleaved(schedule, 50);
        assert!(calls[9][1] < 50, "{calls:?}");
        assert_eq!(calls[10], [11, 50]);
    }
}
