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
pub struct Deal {
    /// What decides how long each turn is.
    pub seed: u64,
    /// How many calls a turn has at most.
    pub longest: u32,
    /// Before which of its calls, from 0, the first one stands still until the second is gone.
    pub frozen_at: Option<u64>,
}

/// Whose turn it is, shared by the two.
#[derive(Debug)]
pub struct Turns {
    deal: Deal,
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Debug)]
struct Now {
    whose: Side,
    left: u32,
    dealt: u64,
    gone: [bool; 2],
    calls: [u64; 2],
    /// The calls in order, by who made them.
    order: Sha256,
}

thread_local! {
    /// For whom this thread called last: SQLite says of a sleep not whose it is.
    static LAST: RefCell<Option<(Arc<Turns>, Side)>> = const { RefCell::new(None) };
}

impl Turns {
    /// Turns of two who have not begun.
    pub fn new(deal: Deal) -> Arc<Self> {
        let turns = Self {
            deal,
            now: Mutex::new(Now {
                whose: Side::First,
                left: 0,
                dealt: 0,
                gone: [false; 2],
                calls: [0; 2],
                order: Sha256::new(),
            }),
            changed: Condvar::new(),
        };
        turns.deal_to(&mut turns.now(), Side::First);
        Arc::new(turns)
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `side` may call, and counts the call.
    pub(super) fn take(self: &Arc<Self>, side: Side) {
        self.take_and(side, || ());
    }

    /// A turn lasts until the next call after its last: what `side` does between its calls, in
    /// memory that both share, the other must not see half done.
    fn take_and(self: &Arc<Self>, side: Side, work: impl FnOnce()) {
        LAST.with(|last| *last.borrow_mut() = Some((Arc::clone(self), side)));
        let mut now = self.now();
        if now.whose == side && now.left == 0 {
            self.deal_to(&mut now, side.other());
        }
        loop {
            now = self.wait_for(side, now);
            if !self.stands_still(side, &now) {
                break;
            }
            self.deal_to(&mut now, side.other());
        }
        work();
        now.calls[side.index()] += 1;
        now.order.update([side.index() as u8]);
        now.left = now.left.saturating_sub(1);
    }

    fn wait_for<'n>(&self, side: Side, mut now: MutexGuard<'n, Now>) -> MutexGuard<'n, Now> {
        self.changed.notify_all();
        while now.whose != side {
            now = self
                .changed
                .wait(now)
                .unwrap_or_else(PoisonError::into_inner);
        }
        now
    }

    fn stands_still(&self, side: Side, now: &Now) -> bool {
        side == Side::First
            && self.deal.frozen_at == Some(now.calls[0])
            && !now.gone[Side::Second.index()]
    }

    /// Gives the next turn to `side`, or to the other one where that is gone.
    fn deal_to(&self, now: &mut Now, side: Side) {
        now.whose = if now.gone[side.index()] {
            side.other()
        } else {
            side
        };
        now.dealt += 1;
        let mut sum = Sha256::new();
        sum.update(self.deal.seed.to_le_bytes());
        sum.update(now.dealt.to_le_bytes());
        let drawn = sum.finalize();
        let drawn = u32::from_le_bytes([drawn[0], drawn[1], drawn[2], drawn[3]]);
        now.left = 1 + drawn % self.deal.longest.max(1);
    }

    /// Does a last thing when it is `side`'s turn; then `side` will not call any more.
    pub fn leave(self: &Arc<Self>, side: Side, last: impl FnOnce()) {
        self.take_and(side, last);
        self.drop_out(side);
    }

    /// `side` will not call any more, whose turn ever it is.
    pub fn drop_out(&self, side: Side) {
        let mut now = self.now();
        now.gone[side.index()] = true;
        if now.whose == side {
            self.deal_to(&mut now, side.other());
        }
        self.changed.notify_all();
    }

    /// How many calls each made, and what the order comes to in which they did.
    pub fn told(&self) -> ([u64; 2], super::Digest) {
        let now = self.now();
        (
            now.calls,
            super::Digest(now.order.clone().finalize().into()),
        )
    }
}

/// How long a call is taken to last, for whoever sleeps meanwhile.
const CALL: Duration = Duration::from_micros(50);

/// Whoever sleeps gives its turn away, and goes on when it has the next one: after as many calls
/// of the other as fit in the time, or when the other sleeps too.
pub(in crate::store) fn sleep(time: Duration) {
    let last = LAST.with(|last| last.borrow().clone());
    match last {
        None => std::thread::yield_now(),
        Some((turns, side)) => {
            let mut now = turns.now();
            // A thread may go on to use another disk, alone.
            if now.gone[side.index()] {
                return;
            }
            if now.whose == side {
                turns.deal_to(&mut now, side.other());
                let calls = time.as_micros() / CALL.as_micros();
                now.left = now
                    .left
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
    fn played(deal: Deal, count: u64) -> (Arc<Turns>, Vec<[u64; 2]>) {
        let turns = Turns::new(deal);
        let play = |side| {
            let calls = (0..count).map(|_| {
                turns.take(side);
                turns.told().0
            });
            let calls: Vec<_> = calls.collect();
            turns.drop_out(side);
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
            let deal = Deal {
                seed,
                longest: 5,
                frozen_at: None,
            };
            played(deal, 200).0.told()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).0, [200, 200]);
    }

    #[test]
    fn who_is_frozen_goes_on_when_the_other_is_gone() {
        let deal = Deal {
            seed: 1,
            longest: 3,
            frozen_at: Some(10),
        };
        let (_, calls) = played(deal, 50);
        assert!(calls[9][1] < 50, "{calls:?}");
        assert_eq!(calls[10], [11, 50]);
    }
}
