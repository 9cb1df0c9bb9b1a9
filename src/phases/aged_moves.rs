//! Collects the prices and rates that were not of the session on which they valued an amount. A
//! holding or a balance shows the age of its price as long as it is there; an amount that was moved
//! has no other trace.

use crate::domain::output::{AgedMove, PriceInput};
use crate::domain::{Day, Money, PriceQuality};

/// The aged prices and rates at which amounts were moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AgedMoves {
    /// Those of the sessions before: of each price or rate the oldest, and of these the first.
    before: Vec<AgedMove>,
    /// Those since, each with whether a later session still depends on it.
    session: Vec<(AgedMove, Lasts)>,
}

/// The sessions whose figures depend on the value of an amount that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lasts {
    /// Its own: the value is a flow.
    No,
    /// All from its own on: the value is cash, cost or realized profit.
    Yes,
}

impl AgedMoves {
    /// Adds a price or rate that valued an amount of a session, unless it is of that session.
    pub(super) fn add(
        &mut self,
        day: Day,
        (input, quality): (PriceInput, PriceQuality),
        value: Money,
        lasts: Lasts,
    ) {
        if quality <= PriceQuality::Closed {
            return;
        }
        let size = value.units().saturating_abs();
        let mut known = self.session.iter_mut();
        match known.find(|(of, _)| (of.input, of.day) == (input, day)) {
            Some((known, was)) => {
                known.value = Money::from_units(known.value.units().saturating_add(size));
                *was = lasts.max(*was);
            }
            None => {
                let value = Money::from_units(size);
                let of_session = AgedMove {
                    input,
                    day,
                    quality,
                    value,
                };
                self.session.push((of_session, lasts));
            }
        }
    }

    /// Starts the next session.
    pub(super) fn start_session(&mut self) {
        for (of_session, lasts) in self.session.drain(..) {
            if lasts == Lasts::No {
                continue;
            }
            let mut known = self.before.iter_mut();
            match known.find(|known| known.input == of_session.input) {
                Some(known) => {
                    let is_older = of_session.quality > known.quality;
                    let is_first =
                        of_session.quality == known.quality && of_session.day < known.day;
                    if is_older || is_first {
                        *known = of_session;
                    }
                }
                None => self.before.push(of_session),
            }
        }
    }

    /// Returns those of the session and, of each price or rate, the oldest of the sessions before,
    /// ascending by price or rate and day.
    pub(super) fn to_list(&self) -> Vec<AgedMove> {
        let session = self.session.iter().map(|(of_session, _)| of_session);
        let mut all: Vec<_> = self.before.iter().chain(session).copied().collect();
        all.sort_by_key(|of| (of.input, of.day));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;
    use crate::phases::fixture::{amount, day};

    use PriceQuality::{Closed, Cost, Fresh, Stale};

    const RATE: PriceInput = PriceInput::Rate(Currency::USD);

    fn list(moves: &AgedMoves) -> Vec<(Day, PriceQuality, Money)> {
        let all = moves.to_list().into_iter();
        all.map(|of| (of.day, of.quality, of.value)).collect()
    }

    #[test]
    fn amounts_of_a_session_at_one_rate_are_added() {
        let mut moves = AgedMoves::default();
        for (quality, value) in [
            (Fresh, "7"),
            (Stale(2), "5"),
            (Closed, "9"),
            (Stale(2), "-3"),
        ] {
            moves.add(day(1), (RATE, quality), amount(value), Lasts::Yes);
        }
        assert_eq!(list(&moves), [(day(1), Stale(2), amount("8"))]);
    }

    #[test]
    fn the_oldest_that_lasts_is_kept_whatever_sessions_are_asked_for() {
        let moved = [(1, Stale(2), Lasts::Yes), (2, Stale(5), Lasts::Yes)];
        let later = [(3, Stale(5), Lasts::Yes), (4, Cost, Lasts::No)];
        let add = |moves: &mut AgedMoves, (at, quality, lasts)| {
            moves.add(day(at), (RATE, quality), amount("1"), lasts);
        };
        let (mut each, mut all) = (AgedMoves::default(), AgedMoves::default());
        for of_session in moved.into_iter().chain(later) {
            each.start_session();
            add(&mut each, of_session);
            add(&mut all, of_session);
        }
        let of_last = [(2, Stale(5)), (4, Cost)].map(|(at, age)| (day(at), age, amount("1")));
        assert_eq!(list(&each), of_last);
        each.start_session();
        all.start_session();
        assert_eq!(list(&each), of_last[..1]);
        assert_eq!(each, all);
    }
}
