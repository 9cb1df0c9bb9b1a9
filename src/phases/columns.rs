//! Columns of prices as of each session and of session returns, made from closes and splits.
//!
//! Prices are stored by session (the books of many portfolios are valued on one session), returns
//! by security (risk reads a window of one security). Prices are carried forward and never back:
//! later closes do not change an earlier session. A security is addressed by its slot (its index in
//! the market), not by its id.

use super::windows::MAX_SESSIONS_WITHOUT_CLOSE;
use crate::domain::{Price, PriceQuality, greatest_common_divisor};

/// The index of a security in the columns of its market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(pub(super) u32);

impl Slot {
    #[inline]
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The price of a security as of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOfPrice {
    /// The latest close up to the session, adjusted for the splits since.
    pub price: Price,
    /// Age of the close: [`PriceQuality::Fresh`], [`PriceQuality::Closed`] or
    /// [`PriceQuality::Stale`].
    pub quality: PriceQuality,
}

impl AsOfPrice {
    /// Returns the price one session later, if that session has no close. A session on which the
    /// security is closed makes it no older.
    fn carry_forward(self, is_closed: bool) -> Self {
        let quality = match self.quality {
            PriceQuality::Stale(sessions) if is_closed => PriceQuality::Stale(sessions),
            PriceQuality::Stale(sessions) => PriceQuality::Stale(sessions.saturating_add(1)),
            _ if is_closed => PriceQuality::Closed,
            _ => PriceQuality::Stale(1),
        };
        Self { quality, ..self }
    }

    /// Returns whether the close is so old that the next session has no return.
    pub(super) fn is_outdated(self) -> bool {
        is_outdated(self.quality)
    }
}

/// Returns whether a price or rate of this age is so old that the next session has no return.
pub(super) fn is_outdated(quality: PriceQuality) -> bool {
    matches!(quality, PriceQuality::Stale(age) if age >= MAX_SESSIONS_WITHOUT_CLOSE)
}

/// A split, or a change of the multiplier, which changes the price of the same value as a split does.
/// With the index of the session from which it applies.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionSplit {
    pub(super) session: usize,
    /// New units for `old` ones, both above zero.
    pub(super) new: i64,
    pub(super) old: i64,
}

/// A close carried through splits. It is rounded once, however many splits follow.
#[derive(Debug, Clone, Copy)]
struct SplitClose {
    close: Price,
    /// New units for `old` ones, reduced, of all splits since the close.
    new: i64,
    old: i64,
}

impl SplitClose {
    fn new(close: Price) -> Self {
        let (new, old) = (1, 1);
        Self { close, new, old }
    }

    /// Returns the close after one more split. If the ratio of all splits does not fit, it starts
    /// again from the rounded price. `None` if the price does not fit.
    fn split(self, new: i64, old: i64) -> Option<Self> {
        let size = |units: i64| units.unsigned_abs().into();
        let ratio = self.new.checked_mul(new).zip(self.old.checked_mul(old));
        let Some((new, old)) = ratio else {
            return Self::new(self.price()?).split(new, old);
        };
        let divisor = greatest_common_divisor(size(new), size(old)) as i64;
        Some(Self {
            close: self.close,
            new: new / divisor,
            old: old / divisor,
        })
    }

    fn price(self) -> Option<Price> {
        if self.new == self.old {
            return Some(self.close);
        }
        self.close.times_ratio_to_all_decimals(self.old, self.new)
    }
}

/// Columns of `sessions` × `slots` entries.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    sessions: usize,
    slots: usize,
    /// By session, then slot: the price as of the session; `None` before the first close, and where
    /// the carried price does not fit.
    prices: Vec<Option<AsOfPrice>>,
    /// By slot: the session of the first close, if there is one.
    first_closes: Vec<Option<usize>>,
    /// By slot, then session: the session's return, zero if it is not defined.
    returns: Vec<f64>,
    /// By slot, then session: the number of consecutive defined returns that end here.
    return_counts: Vec<u16>,
}

impl Columns {
    /// Returns columns without any close.
    pub(super) fn new(sessions: usize, slots: usize) -> Self {
        let cells = sessions * slots;
        Self {
            sessions,
            slots,
            prices: vec![None; cells],
            first_closes: vec![None; slots],
            returns: vec![0.0; cells],
            return_counts: vec![0; cells],
        }
    }

    /// Enters a close. Returns false if the session already had one.
    #[must_use]
    pub(super) fn set_close(&mut self, slot: usize, session: usize, price: Price) -> bool {
        let quality = PriceQuality::Fresh;
        let known = self.prices[session * self.slots + slot].replace(AsOfPrice { price, quality });
        known.is_none()
    }

    /// Carries the closes of one security forward, through its splits (ascending by session), and
    /// computes its returns. `closed` tells of each session whether the security is closed on it;
    /// it is empty if it never is. If a carried price does not fit, there is none up to the next
    /// close.
    ///
    /// The return of a session without a close is zero. Otherwise it is close ÷ previous price − 1,
    /// with the splits in between undone. More than [`MAX_SESSIONS_WITHOUT_CLOSE`] sessions after a
    /// close there is no return.
    pub(super) fn carry_forward(&mut self, slot: usize, splits: &[SessionSplit], closed: &[bool]) {
        let mut splits = splits.iter().peekable();
        let mut before: Option<AsOfPrice> = None;
        let mut carried = SplitClose::new(Price::ZERO);
        // The previous price again, in floating point: a carried price is rounded to the decimals
        // of a price, and a return must not inherit that.
        let mut base = 0.0;
        let mut run = 0_u16;
        for session in 0..self.sessions {
            while let Some(split) = splits.next_if(|split| split.session == session) {
                let (new, old) = (split.new, split.old);
                before = before.and_then(|as_of| {
                    carried = carried.split(new, old)?;
                    let price = carried.price()?;
                    Some(AsOfPrice { price, ..as_of })
                });
                base *= old as f64 / new as f64;
            }
            let (row, column) = (session * self.slots + slot, slot * self.sessions + session);
            let close = self.prices[row];
            let closed_at = close.map(|close| close.price.to_compact_f64());
            if before.is_some_and(|before| before.price > Price::ZERO && !before.is_outdated()) {
                // Saturates far above the longest window, so the cap changes no figure.
                run = run.saturating_add(1);
                if let Some(price) = closed_at {
                    // Difference first: `price / base - 1` loses digits of a small return.
                    self.returns[column] = (price - base) / base;
                }
            } else {
                // A price of zero and an outdated one are no base for a return, so the run starts
                // again after it.
                run = 0;
            }
            self.return_counts[column] = run;
            base = closed_at.unwrap_or(base);
            if let Some(close) = close {
                carried = SplitClose::new(close.price);
                self.first_closes[slot].get_or_insert(session);
            }
            let is_closed = closed.get(session).is_some_and(|closed| *closed);
            before = close.or(before.map(|before| before.carry_forward(is_closed)));
            self.prices[row] = before;
        }
    }

    /// Returns whether a session has no price because the carried one does not fit.
    pub(super) fn is_unfit(&self, slot: usize, session: usize) -> bool {
        self.as_of(slot, session).is_none()
            && self.first_closes[slot].is_some_and(|first| first < session)
    }

    /// Returns the price as of a session; `None` before the first close, and if it does not fit.
    #[inline(always)]
    pub(super) fn as_of(&self, slot: usize, session: usize) -> Option<AsOfPrice> {
        self.prices[session * self.slots + slot]
    }

    /// Returns the number of consecutive defined returns that end on `session`.
    #[inline]
    pub(super) fn return_count(&self, slot: usize, session: usize) -> usize {
        usize::from(self.return_counts[slot * self.sessions + session])
    }

    /// Returns the last `count` returns up to `session`, oldest first. `count` is at most
    /// [`Self::return_count`].
    #[inline]
    pub(super) fn returns(&self, slot: usize, session: usize, count: usize) -> &[f64] {
        // A slot's first session has no return, so `count` never reaches into the slot before.
        let end = slot * self.sessions + session + 1;
        &self.returns[end - count..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns_of(closes: &[(usize, i32)], splits: &[SessionSplit]) -> Columns {
        let mut columns = Columns::new(6, 1);
        for &(session, price) in closes {
            assert!(columns.set_close(0, session, Price::whole(price)));
        }
        columns.carry_forward(0, splits, &[]);
        columns
    }

    fn as_of(price: Price, quality: PriceQuality) -> AsOfPrice {
        AsOfPrice { price, quality }
    }

    #[test]
    fn a_price_is_carried_forward_and_never_back() {
        let columns = columns_of(&[(1, 10), (4, 11)], &[]);
        assert_eq!(columns.as_of(0, 0), None);
        let found = |session| columns.as_of(0, session).unwrap();
        let (fresh, stale) = (PriceQuality::Fresh, PriceQuality::Stale);
        assert_eq!(found(1), as_of(Price::whole(10), fresh));
        assert_eq!(found(3), as_of(Price::whole(10), stale(2)));
        assert_eq!(found(5), as_of(Price::whole(11), stale(1)));
    }

    #[test]
    fn a_return_needs_two_prices_and_is_zero_without_a_close() {
        let columns = columns_of(&[(1, 10), (4, 11)], &[]);
        let runs: Vec<_> = (0..6)
            .map(|session| columns.return_count(0, session))
            .collect();
        assert_eq!(runs, [0, 0, 1, 2, 3, 4]);
        assert_eq!(columns.returns(0, 5, 4), [0.0, 0.0, 0.1, 0.0]);
    }

    #[test]
    fn a_split_divides_the_carried_price_and_leaves_the_return() {
        let split = SessionSplit {
            session: 2,
            new: 3,
            old: 1,
        };
        let columns = columns_of(&[(1, 10), (3, 5)], &[split]);
        let third = "3.333333333333333333".parse().unwrap();
        let carried = as_of(third, PriceQuality::Stale(1));
        assert_eq!(columns.as_of(0, 2), Some(carried));
        assert_eq!(columns.returns(0, 2, 1), [0.0]);
        assert!((columns.returns(0, 3, 1)[0] - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_price_carried_through_a_split_and_back_is_exact() {
        let split = |session, new, old| SessionSplit { session, new, old };
        let columns = columns_of(&[(1, 10)], &[split(2, 3, 1), split(3, 1, 3)]);
        let carried = as_of(Price::whole(10), PriceQuality::Stale(2));
        assert_eq!(columns.as_of(0, 3), Some(carried));
    }

    #[test]
    fn a_carried_price_that_does_not_fit_is_unknown_until_the_next_close() {
        let split = |session| SessionSplit {
            session,
            new: 1,
            old: 4_000_000_000,
        };
        let columns = columns_of(&[(0, 10), (4, 11)], &[split(1), split(2)]);
        assert!(columns.as_of(0, 1).is_some());
        assert_eq!(columns.as_of(0, 2), None);
        let unfit: Vec<_> = (0..6).map(|session| columns.is_unfit(0, session)).collect();
        assert_eq!(unfit, [false, false, true, true, false, false]);
        assert_eq!(
            columns.as_of(0, 4),
            Some(as_of(Price::whole(11), PriceQuality::Fresh))
        );
        assert_eq!(
            [3, 4, 5].map(|session| columns.return_count(0, session)),
            [0, 0, 1]
        );
    }

    #[test]
    fn a_zero_price_gives_no_return() {
        let columns = columns_of(&[(0, 10), (1, 0), (2, 10), (3, 12)], &[]);
        assert_eq!(columns.returns(0, 1, 1), [-1.0]);
        assert_eq!(columns.return_count(0, 2), 0);
        assert_eq!(columns.return_count(0, 3), 1);
    }

    #[test]
    fn ten_sessions_without_a_close_end_the_returns_until_two_closes_follow() {
        let mut columns = Columns::new(16, 1);
        for (session, price) in [(0, 10), (1, 11), (13, 22), (14, 33)] {
            assert!(columns.set_close(0, session, Price::whole(price)));
        }
        columns.carry_forward(0, &[], &[]);
        let counts: Vec<_> = (0..16)
            .map(|session| columns.return_count(0, session))
            .collect();
        assert_eq!(counts, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 1, 2]);
        assert_eq!(columns.returns(0, 14, 1), [0.5]);
    }

    #[test]
    fn a_closed_session_makes_a_price_no_older_and_is_a_return_of_zero() {
        let mut columns = Columns::new(7, 1);
        for (session, price) in [(0, 10), (2, 11), (5, 22)] {
            assert!(columns.set_close(0, session, Price::whole(price)));
        }
        let closed = [false, true, true, true, false, true, true];
        columns.carry_forward(0, &[], &closed);
        let qualities = (0..7).map(|session| columns.as_of(0, session).unwrap().quality);
        let (fresh, closed, stale) = (
            PriceQuality::Fresh,
            PriceQuality::Closed,
            PriceQuality::Stale(1),
        );
        // A close of a closed session is a close.
        let expected = [fresh, closed, fresh, closed, stale, fresh, closed];
        assert_eq!(qualities.collect::<Vec<_>>(), expected);
        assert_eq!(columns.returns(0, 6, 6), [0.0, 0.1, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn closed_sessions_do_not_end_the_returns() {
        let mut columns = Columns::new(30, 1);
        assert!(columns.set_close(0, 0, Price::whole(10)));
        let closed: Vec<_> = (0..30).map(|session| session % 2 == 1).collect();
        columns.carry_forward(0, &[], &closed);
        // Ten open sessions without a close: the sessions 2, 4, … 20.
        assert_eq!(columns.return_count(0, 20), 20);
        assert_eq!(columns.return_count(0, 21), 0);
    }

    #[test]
    fn a_second_close_is_rejected() {
        let mut columns = columns_of(&[], &[]);
        assert!(columns.set_close(0, 0, Price::whole(1)));
        assert!(!columns.set_close(0, 0, Price::whole(1)));
    }
}
