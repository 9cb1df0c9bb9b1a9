//! How far a changed close, or a split, reaches through the prices and returns of its security.

use roaring::RoaringBitmap;

use super::owners::place;
use crate::domain::Day;

/// On which sessions something about a security differs, by place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ripple {
    /// The price as of the session, or how old it is.
    pub(super) as_of: RoaringBitmap,
    /// Any return in the longest window that ends on the session.
    pub(super) measured: RoaringBitmap,
}

/// A close that was set, and where its reach as a price ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetClose {
    /// The day it is of.
    pub day: Day,
    /// The next session with a close after it, if there is one up to the last session. It may
    /// have been set by the same change.
    pub next: Option<Day>,
}

impl Ripple {
    /// What differs when closes are set, new or corrected. Closes of a day that is no session are
    /// left out: nothing is ever valued at them. `window` is the number of returns in the longest
    /// window of risk, that of its own session included.
    pub fn of_closes(
        sessions: &[Day],
        closes: impl IntoIterator<Item = SetClose>,
        window: usize,
    ) -> Self {
        let mut ripple = Self::default();
        for close in closes {
            if let Ok(at) = sessions.binary_search(&close.day) {
                ripple.spread(sessions, at, close.next, window);
            }
        }
        ripple
    }

    /// What differs about prices and returns when a split on `day` is added or corrected.
    /// `close` is the first session with a close on or after it: that one is raw at the new
    /// quantity, and the split is in its return.
    pub fn of_split(sessions: &[Day], day: Day, close: Option<Day>, window: usize) -> Self {
        let mut ripple = Self::default();
        ripple.spread(sessions, place(sessions, day), close, window);
        ripple
    }

    /// The same for what is converted at the price and not measured by it.
    #[must_use]
    pub(super) fn of_rate(&self) -> Self {
        Self {
            as_of: self.as_of.clone(),
            measured: RoaringBitmap::new(),
        }
    }

    /// Whether no session is reached.
    pub fn is_empty(&self) -> bool {
        self.as_of.is_empty() && self.measured.is_empty()
    }

    /// From `start` to before the next close the price differs, and up to and with that close
    /// the returns.
    fn spread(&mut self, sessions: &[Day], start: usize, next: Option<Day>, window: usize) {
        let end = sessions.len();
        let next = next.map_or(end, |next| place(sessions, next));
        let places = |from: usize, to: usize| from as u32..to.min(end) as u32;
        self.as_of.insert_range(places(start, next));
        self.measured.insert_range(places(start, next + window));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Vec<Day> {
        (0..10).map(|at| Day::MIN.saturating_add(2 * at)).collect()
    }

    fn set(at: i32, next: Option<i32>) -> SetClose {
        SetClose {
            day: Day::MIN.saturating_add(2 * at),
            next: next.map(|at| Day::MIN.saturating_add(2 * at)),
        }
    }

    fn reach(ripple: &Ripple) -> (Vec<u32>, Vec<u32>) {
        let list = |places: &RoaringBitmap| places.iter().collect();
        (list(&ripple.as_of), list(&ripple.measured))
    }

    #[test]
    fn a_close_reaches_to_the_next_one_and_its_returns_a_window_further() {
        let ripple = Ripple::of_closes(&sessions(), [set(2, Some(4))], 3);
        assert_eq!(reach(&ripple), (vec![2, 3], vec![2, 3, 4, 5, 6]));
        let endless = Ripple::of_closes(&sessions(), [set(8, None)], 3);
        assert_eq!(reach(&endless), (vec![8, 9], vec![8, 9]));
    }

    #[test]
    fn closes_of_one_change_reach_as_far_as_all_of_them() {
        let ripple = Ripple::of_closes(&sessions(), [set(1, Some(2)), set(2, Some(3))], 1);
        assert_eq!(reach(&ripple), (vec![1, 2], vec![1, 2, 3]));
    }

    #[test]
    fn a_close_of_no_session_reaches_nothing() {
        let day = Day::MIN.saturating_add(3);
        let ripple = Ripple::of_closes(&sessions(), [SetClose { day, next: None }], 3);
        assert!(ripple.is_empty());
    }

    #[test]
    fn a_split_on_the_day_of_a_close_changes_that_return_and_no_price() {
        let day = Day::MIN.saturating_add(3);
        let ripple = Ripple::of_split(&sessions(), day, Some(Day::MIN.saturating_add(4)), 2);
        assert_eq!(reach(&ripple), (vec![], vec![2, 3]));
    }
}
