//! Two who use a disk at once, taking turns at their calls as a seed says: so what happens between
//! them happens again.
//!
//! Whoever calls waits for its turn. A turn is a number of calls; who sleeps gives its turn away,
//! and who is gone has none. Between the calls of a turn the other stands still.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Who begins.
    First,
    /// Who comes after.
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

/// How the turns are dealt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnSchedule {
    /// What decides how long each turn is.
    pub seed: u64,
    /// How many calls a turn has at most.
    pub max_calls: u32,
    /// Before which of its calls, from 0, the first one stands still until the second is gone.
    pub frozen_at: Option<u64>,
}

/// Whose turn it is, shared by the two.
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
    /// The calls in order, by who made them.
    order: Sha256,
}

thread_local! {
    /// For whom this thread called last: SQLite says of a sleep not whose it is.
    static LAST_CALLER: RefCell<Option<(Arc<Interleaving>, Side)>> = const { RefCell::new(None) };
}

impl Interleaving {
    /// Turns of two who have not begun.
    pub fn new(deal: TurnSchedule) -> Arc<Self> {
        let turns = Self {
            schedule: deal,
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
        turns.start_turn(&mut turns.state(), Side::First);
        Arc::new(turns)
    }

    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `side` may call, and counts the call.
    pub(super) fn wait_turn(self: &Arc<Self>, side: Side) {
        self.run_in_turn(side, || ());
    }

    /// A turn lasts until the next call after its last: what `side` does between its calls, in
    /// memory that both share, the other must not see half done.
    fn run_in_turn(self: &Arc<Self>, side: Side, work: impl FnOnce()) {
        LAST_CALLER.with(|last| *last.borrow_mut() = Some((Arc::clone(self), side)));
        let mut now = self.state();
        if now.current == side && now.calls_left == 0 {
            self.start_turn(&mut now, side.other());
        }
        loop {
            now = self.wait_for(side, now);
            if !self.is_frozen(side, &now) {
                break;
            }
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

    /// Gives the next turn to `side`, or to the other one where that is gone.
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
        let drawn = sum.finalize();
        let drawn = u32::from_le_bytes([drawn[0], drawn[1], drawn[2], drawn[3]]);
        now.calls_left = 1 + drawn % self.schedule.max_calls.max(1);
    }

    /// Does a last thing when it is `side`'s turn; then `side` will not call any more.
    pub fn finish_with(self: &Arc<Self>, side: Side, last: impl FnOnce()) {
        self.run_in_turn(side, last);
        self.finish(side);
    }

    /// `side` will not call any more, whose turn ever it is.
    pub fn finish(&self, side: Side) {
        let mut now = self.state();
        now.finished[side.index()] = true;
        if now.current == side {
            self.start_turn(&mut now, side.other());
        }
        self.changed.notify_all();
    }

    /// How many calls each made, and what the order comes to in which they did.
    pub fn trace(&self) -> ([u64; 2], super::Digest) {
        let now = self.state();
        (
            now.calls,
            super::Digest(now.order.clone().finalize().into()),
        )
    }
}

/// How long a call is taken to last, for whoever sleeps meanwhile.
const CALL_DURATION: Duration = Duration::from_micros(50);

/// Whoever sleeps gives its turn away, and goes on when it has the next one: after as many calls
/// of the other as fit in the time, or when the other sleeps too.
pub(in crate::store) fn sleep(time: Duration) {
    let last = LAST_CALLER.with(|last| last.borrow().clone());
    match last {
        None => std::thread::yield_now(),
        Some((turns, side)) => {
            let mut now = turns.state();
            // A thread may go on to use another disk, alone.
            if now.finished[side.index()] {
                return;
            }
            if now.current == side {
                turns.start_turn(&mut now, side.other());
                let calls = time.as_micros() / CALL_DURATION.as_micros();
                now.calls_left = now
                    .calls_left
                    .saturating_add(u32::try_from(calls).unwrap_or(u32::MAX));
            }
            drop(turns.wait_for(side, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both call so often; how many calls there were by then, after each call of the first.
    fn run_interleaved(deal: TurnSchedule, count: u64) -> (Arc<Interleaving>, Vec<[u64; 2]>) {
        let turns = Interleaving::new(deal);
        let play = |side| {
            let calls = (0..count).map(|_| {
                turns.wait_turn(side);
                turns.trace().0
            });
            let calls: Vec<_> = calls.collect();
            turns.finish(side);
            calls
        };
        let calls = std::thread::scope(|scope| {
            let second = scope.spawn(|| play(Side::Second));
            let first = play(Side::First);
            second.join().unwrap();
            first
        });
        (turns, calls)
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
        let order = |seed| {
            let deal = TurnSchedule {
                seed,
                max_calls: 5,
                frozen_at: None,
            };
            run_interleaved(deal, 200).0.trace()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).0, [200, 200]);
    }

    #[test]
    fn frozen_side_resumes_when_the_other_finishes() {
        let deal = TurnSchedule {
            seed: 1,
            max_calls: 3,
            frozen_at: Some(10),
        };
        let (_, calls) = run_interleaved(deal, 50);
        assert!(calls[9][1] < 50, "{calls:?}");
        assert_eq!(calls[10], [11, 50]);
    }
}
