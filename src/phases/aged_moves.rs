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
    /// Those since.
    session: Vec<SessionMove>,
}

/// The amounts that a session moved at one price or rate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SessionMove {
    of_session: AgedMove,
    /// The part of the value on which later sessions still depend; `None` if none do.
    lasting: Option<Money>,
}

/// The sessions whose figures depend on the value of an amount that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let mut known = self.session.iter();
        let found = known.position(|of| {
            let known = of.of_session;
            (known.input, known.day) == (input, day)
        });
        let at = found.unwrap_or_else(|| {
            self.session.push(SessionMove {
                of_session: AgedMove {
                    input,
                    day,
                    quality,
                    value: Money::ZERO,
                },
                lasting: None,
            });
            self.session.len() - 1
        });
        let size = value.units().saturating_abs();
        let plus = |sum: Money| Money::from_units(sum.units().saturating_add(size));
        let moved = &mut self.session[at];
        moved.of_session.value = plus(moved.of_session.value);
        if lasts == Lasts::Yes {
            moved.lasting = Some(plus(moved.lasting.unwrap_or(Money::ZERO)));
        }
    }

    /// Starts the next session.
    pub(super) fn start_session(&mut self) {
        for moved in self.session.drain(..) {
            let Some(value) = moved.lasting else {
                continue;
            };
            let of_session = AgedMove {
                value,
                ..moved.of_session
            };
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
        let session = self.session.iter().map(|moved| &moved.of_session);
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
    fn only_what_lasts_of_an_amount_is_kept() {
        let mut moves = AgedMoves::default();
        for (value, lasts) in [("7", Lasts::No), ("5", Lasts::Yes), ("1", Lasts::No)] {
            moves.add(day(1), (RATE, Stale(2)), amount(value), lasts);
        }
        assert_eq!(list(&moves), [(day(1), Stale(2), amount("13"))]);
        moves.start_session();
        assert_eq!(list(&moves), [(day(1), Stale(2), amount("5"))]);
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
