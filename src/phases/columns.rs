//! Prices as of each session and session returns, in columns, from closes and splits.
//!
//! Prices lie session by session (the books of many portfolios are valued on one session), returns
//! lie security by security (risk reads a window of one security). A price is only ever carried
//! forward: nothing after a session changes what is said of it. Securities are slots here, not
//! ids.

use crate::domain::Price;

/// The age of a security that has no close yet.
const NEVER: u16 = u16::MAX;

/// A split on the session from which it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionSplit {
    pub(super) session: usize,
    pub(super) new: u32,
    pub(super) old: u32,
}

/// The columns of `sessions` × `slots`.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    sessions: usize,
    slots: usize,
    /// By session, then slot: the price as of the session, zero where there is none.
    prices: Vec<Price>,
    /// By session, then slot: sessions since that price was a close, or [`NEVER`].
    ages: Vec<u16>,
    /// By slot, then session: the session's return, zero where it is not defined.
    returns: Vec<f64>,
    /// By slot, then session: how many defined returns in a row end here.
    runs: Vec<u16>,
}

impl Columns {
    /// Columns without any close.
    pub(super) fn new(sessions: usize, slots: usize) -> Self {
        let cells = sessions * slots;
        Self {
            sessions,
            slots,
            prices: vec![Price::ZERO; cells],
            ages: vec![NEVER; cells],
            returns: vec![0.0; cells],
            runs: vec![0; cells],
        }
    }

    /// Enters a close; says no where there is another close already.
    #[must_use]
    pub(super) fn close(&mut self, slot: usize, session: usize, price: Price) -> bool {
        let at = session * self.slots + slot;
        let first = self.ages[at] == NEVER;
        self.prices[at] = price;
        self.ages[at] = 0;
        first
    }

    /// Carries the closes of one security forward, through its splits (ascending by session), and
    /// forms its returns. Stops with the session on which a carried price does not fit.
    ///
    /// The return of a session without a close is zero. Otherwise it is the close over the price
    /// before it, where the splits in between divide in floating point: the carried price is
    /// rounded to eight decimals, and a return should not be.
    pub(super) fn carry(&mut self, slot: usize, splits: &[SessionSplit]) -> Result<(), usize> {
        let mut splits = splits.iter().peekable();
        let mut carried: Option<(Price, u16)> = None;
        let mut base = 0.0;
        let mut run = 0_u16;
        for session in 0..self.sessions {
            while let Some(split) = splits.next_if(|split| split.session == session) {
                let (new, old) = (i64::from(split.new), i64::from(split.old));
                if let Some((price, _)) = &mut carried {
                    *price = price.times_ratio(old, new).ok_or(session)?;
                }
                base *= old as f64 / new as f64;
            }
            let (row, column) = (session * self.slots + slot, slot * self.sessions + session);
            let closed = self.ages[row] == 0;
            if carried.is_some_and(|(price, _)| price > Price::ZERO) {
                run = run.saturating_add(1);
                if closed {
                    self.returns[column] = (self.prices[row].units() as f64 - base) / base;
                }
            } else {
                run = 0;
            }
            self.runs[column] = run;
            if closed {
                carried = Some((self.prices[row], 0));
                base = self.prices[row].units() as f64;
            } else if let Some((price, age)) = &mut carried {
                *age = (*age + 1).min(NEVER - 1);
                self.prices[row] = *price;
                self.ages[row] = *age;
            }
        }
        Ok(())
    }

    /// The price as of a session and how many sessions old it is, if there is one.
    #[inline(always)]
    pub(super) fn as_of(&self, slot: usize, session: usize) -> Option<(Price, u16)> {
        let at = session * self.slots + slot;
        let age = self.ages[at];
        (age != NEVER).then(|| (self.prices[at], age))
    }

    /// How many defined returns in a row end on a session.
    #[inline]
    pub(super) fn run(&self, slot: usize, session: usize) -> usize {
        usize::from(self.runs[slot * self.sessions + session])
    }

    /// The last `count` returns up to a session, oldest first; `count` is at most the run.
    #[inline]
    pub(super) fn returns(&self, slot: usize, session: usize, count: usize) -> &[f64] {
        let end = slot * self.sessions + session + 1;
        &self.returns[end - count..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(closes: &[(usize, i32)], splits: &[SessionSplit]) -> Columns {
        let mut columns = Columns::new(6, 1);
        for &(session, price) in closes {
            assert!(columns.close(0, session, Price::whole(price)));
        }
        columns.carry(0, splits).unwrap();
        columns
    }

    #[test]
    fn a_price_is_carried_forward_and_never_back() {
        let columns = carried(&[(1, 10), (4, 11)], &[]);
        assert_eq!(columns.as_of(0, 0), None);
        assert_eq!(columns.as_of(0, 1), Some((Price::whole(10), 0)));
        assert_eq!(columns.as_of(0, 3), Some((Price::whole(10), 2)));
        assert_eq!(columns.as_of(0, 5), Some((Price::whole(11), 1)));
    }

    #[test]
    fn a_return_needs_two_prices_and_is_zero_without_a_close() {
        let columns = carried(&[(1, 10), (4, 11)], &[]);
        let runs: Vec<_> = (0..6).map(|session| columns.run(0, session)).collect();
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
        let columns = carried(&[(1, 10), (3, 5)], &[split]);
        let third = Price::from_units(333_333_333);
        assert_eq!(columns.as_of(0, 2), Some((third, 1)));
        assert_eq!(columns.returns(0, 2, 1), [0.0]);
        assert!((columns.returns(0, 3, 1)[0] - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_price_of_zero_is_no_base_for_a_return() {
        let columns = carried(&[(0, 10), (1, 0), (2, 10), (3, 12)], &[]);
        assert_eq!(columns.returns(0, 1, 1), [-1.0]);
        assert_eq!(columns.run(0, 2), 0);
        assert_eq!(columns.run(0, 3), 1);
    }

    #[test]
    fn a_second_close_is_told() {
        let mut columns = carried(&[], &[]);
        assert!(columns.close(0, 0, Price::whole(1)));
        assert!(!columns.close(0, 0, Price::whole(1)));
    }
}
