//! Finds the sessions on which a changed close or split changes a security's price or returns.

use roaring::RoaringBitmap;

use super::ownership::session_index;
use crate::domain::Day;

/// The affected sessions of one security, as indexes into the interval of sessions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AffectedSessions {
    /// Sessions whose price, or the age of it, changes.
    pub(super) by_price: RoaringBitmap,
    /// Sessions with a changed return in the longest window that ends on them.
    pub(super) by_return: RoaringBitmap,
}

/// A changed close, and the next close, which ends its use as a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CloseSpan {
    /// The day of the changed close.
    pub(super) day: Day,
    /// The next session with a close, or `None` if there is none up to the last session. The same
    /// change may have set it.
    pub(super) next: Option<Day>,
}

impl AffectedSessions {
    /// Returns the sessions affected by closes that are set, new or corrected. Closes of a day that
    /// is not a session are ignored: no holding is valued at them. `window` is the number of
    /// returns in the longest risk window, the session's own return included.
    pub(super) fn from_closes(
        sessions: &[Day],
        closes: impl IntoIterator<Item = CloseSpan>,
        window: usize,
    ) -> Self {
        let mut affected = Self::default();
        for close in closes {
            if let Ok(at) = sessions.binary_search(&close.day) {
                affected.add_close(sessions, at, close.next, window);
            }
        }
        affected
    }

    /// Returns the sessions affected by a split on `day` that is added or corrected. `close` is the
    /// first session with a close on or after `day`. That close is not adjusted by the split, but
    /// its return is, because the price before it is from before the split.
    pub(super) fn from_split(
        sessions: &[Day],
        day: Day,
        close: Option<Day>,
        window: usize,
    ) -> Self {
        let mut affected = Self::default();
        affected.add_close(sessions, session_index(sessions, day), close, window);
        affected
    }

    /// Returns what a changed rate affects if it changes where the prices do and `is_used` accepts
    /// the index of the session. The return of a session is that of its rate and the rate before,
    /// so the returns differ on those sessions and the next ones, and in the windows after both.
    #[must_use]
    pub(super) fn of_rate(
        &self,
        sessions: &[Day],
        window: usize,
        is_used: impl Fn(u32) -> bool,
    ) -> Self {
        let by_price: RoaringBitmap = self.by_price.iter().filter(|at| is_used(*at)).collect();
        let mut by_return = RoaringBitmap::new();
        let end = sessions.len() as u32;
        for at in &by_price {
            by_return.insert_range(at..(at + 1 + window as u32).min(end));
        }
        Self {
            by_price,
            by_return,
        }
    }

    /// Adds the prices from `start` to before the next close, and the returns up to and including
    /// the next close, each in the windows after it.
    fn add_close(&mut self, sessions: &[Day], start: usize, next: Option<Day>, window: usize) {
        let end = sessions.len();
        let next = next.map_or(end, |next| session_index(sessions, next));
        let indexes = |from: usize, to: usize| from as u32..to.min(end) as u32;
        self.by_price.insert_range(indexes(start, next));
        // The return of the next close starts from this one, so its window is affected too.
        self.by_return.insert_range(indexes(start, next + window));
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

    fn session_lists(affected: &AffectedSessions) -> (Vec<u32>, Vec<u32>) {
        let list = |indexes: &RoaringBitmap| indexes.iter().collect();
        (list(&affected.by_price), list(&affected.by_return))
    }

    #[test]
    fn a_close_affects_prices_until_the_next_close_and_returns_one_window_longer() {
        let affected = AffectedSessions::from_closes(&sessions(), [close_span(2, Some(4))], 3);
        assert_eq!(session_lists(&affected), (vec![2, 3], vec![2, 3, 4, 5, 6]));
        let last = AffectedSessions::from_closes(&sessions(), [close_span(8, None)], 3);
        assert_eq!(session_lists(&last), (vec![8, 9], vec![8, 9]));
    }

    #[test]
    fn closes_of_one_change_are_unioned() {
        let affected = AffectedSessions::from_closes(
            &sessions(),
            [close_span(1, Some(2)), close_span(2, Some(3))],
            1,
        );
        assert_eq!(session_lists(&affected), (vec![1, 2], vec![1, 2, 3]));
    }

    #[test]
    fn a_rate_affects_returns_only_where_it_is_used() {
        let close = AffectedSessions::from_closes(&sessions(), [close_span(2, Some(5))], 2);
        let everywhere = close.of_rate(&sessions(), 2, |_| true);
        assert_eq!(everywhere, close);
        let once = close.of_rate(&sessions(), 2, |at| at == 3);
        assert_eq!(session_lists(&once), (vec![3], vec![3, 4, 5]));
    }

    #[test]
    fn a_close_outside_sessions_affects_nothing() {
        let day = Day::MIN.saturating_add(3);
        let affected =
            AffectedSessions::from_closes(&sessions(), [CloseSpan { day, next: None }], 3);
        assert_eq!(affected, AffectedSessions::default());
    }

    #[test]
    fn a_split_on_the_day_of_a_close_changes_that_return_and_no_price() {
        let day = Day::MIN.saturating_add(3);
        let affected =
            AffectedSessions::from_split(&sessions(), day, Some(Day::MIN.saturating_add(4)), 2);
        assert_eq!(session_lists(&affected), (vec![], vec![2, 3]));
    }
}
