//! How far a changed close, or a split, reaches through the prices and returns of its security.

use roaring::RoaringBitmap;

use super::ownership::session_index;
use crate::domain::Day;

/// On which sessions something about a security differs, by place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AffectedSessions {
    /// The price as of the session, or how old it is.
    pub(super) by_price: RoaringBitmap,
    /// Any return in the longest window that ends on the session.
    pub(super) by_return: RoaringBitmap,
}

/// A close that was set, and where its reach as a price ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseSpan {
    /// The day it is of.
    pub day: Day,
    /// The next session with a close after it, if there is one up to the last session. It may
    /// have been set by the same change.
    pub next: Option<Day>,
}

impl AffectedSessions {
    /// What differs when closes are set, new or corrected. Closes of a day that is no session are
    /// left out: nothing is ever valued at them. `window` is the number of returns in the longest
    /// window of risk, that of its own session included.
    pub fn from_closes(
        sessions: &[Day],
        closes: impl IntoIterator<Item = CloseSpan>,
        window: usize,
    ) -> Self {
        let mut ripple = Self::default();
        for close in closes {
            if let Ok(at) = sessions.binary_search(&close.day) {
                ripple.add_close(sessions, at, close.next, window);
            }
        }
        ripple
    }

    /// What differs about prices and returns when a split on `day` is added or corrected.
    /// `close` is the first session with a close on or after it: that one is raw at the new
    /// quantity, and the split is in its return.
    pub fn from_split(sessions: &[Day], day: Day, close: Option<Day>, window: usize) -> Self {
        let mut ripple = Self::default();
        ripple.add_close(sessions, session_index(sessions, day), close, window);
        ripple
    }

    /// The same for what is converted at the price and not measured by it.
    #[must_use]
    pub(super) fn without_returns(&self) -> Self {
        Self {
            by_price: self.by_price.clone(),
            by_return: RoaringBitmap::new(),
        }
    }

    /// Whether no session is reached.
    pub fn is_empty(&self) -> bool {
        self.by_price.is_empty() && self.by_return.is_empty()
    }

    /// From `start` to before the next close the price differs, and up to and with that close
    /// the returns.
    fn add_close(&mut self, sessions: &[Day], start: usize, next: Option<Day>, window: usize) {
        let end = sessions.len();
        let next = next.map_or(end, |next| session_index(sessions, next));
        let places = |from: usize, to: usize| from as u32..to.min(end) as u32;
        self.by_price.insert_range(places(start, next));
        self.by_return.insert_range(places(start, next + window));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Vec<Day> {
        (0..10).map(|at| Day::MIN.saturating_add(2 * at)).collect()
    }

    fn close_span(at: i32, next: Option<i32>) -> CloseSpan {
        CloseSpan {
            day: Day::MIN.saturating_add(2 * at),
            next: next.map(|at| Day::MIN.saturating_add(2 * at)),
        }
    }

    fn session_lists(ripple: &AffectedSessions) -> (Vec<u32>, Vec<u32>) {
        let list = |places: &RoaringBitmap| places.iter().collect();
        (list(&ripple.by_price), list(&ripple.by_return))
    }

    #[test]
    fn a_close_affects_prices_until_the_next_close_and_returns_one_window_longer() {
        let ripple = AffectedSessions::from_closes(&sessions(), [close_span(2, Some(4))], 3);
        assert_eq!(session_lists(&ripple), (vec![2, 3], vec![2, 3, 4, 5, 6]));
        let endless = AffectedSessions::from_closes(&sessions(), [close_span(8, None)], 3);
        assert_eq!(session_lists(&endless), (vec![8, 9], vec![8, 9]));
    }

    #[test]
    fn closes_of_one_change_are_unioned() {
        let ripple = AffectedSessions::from_closes(
            &sessions(),
            [close_span(1, Some(2)), close_span(2, Some(3))],
            1,
        );
        assert_eq!(session_lists(&ripple), (vec![1, 2], vec![1, 2, 3]));
    }

    #[test]
    fn a_close_outside_sessions_affects_nothing() {
        let day = Day::MIN.saturating_add(3);
        let ripple = AffectedSessions::from_closes(&sessions(), [CloseSpan { day, next: None }], 3);
        assert!(ripple.is_empty());
    }

    #[test]
    fn a_split_on_the_day_of_a_close_changes_that_return_and_no_price() {
        let day = Day::MIN.saturating_add(3);
        let ripple =
            AffectedSessions::from_split(&sessions(), day, Some(Day::MIN.saturating_add(4)), 2);
        assert_eq!(session_lists(&ripple), (vec![], vec![2, 3]));
    }
}
