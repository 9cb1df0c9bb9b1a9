//! Lists the one-off closures and early closes of New York, which no rule gives.
//!
//! Only changes announced before the session opened belong here. Interruptions during a session,
//! by snow or by a circuit breaker, do not move the scheduled close.

use crate::domain::day::Day;

/// Days without trading, with the reason.
const CLOSED_DAYS: [(&str, &str); 11] = [
    ("1994-04-27", "funeral of President Nixon"),
    ("2001-09-11", "attacks on New York and Washington"),
    ("2001-09-12", "attacks on New York and Washington"),
    ("2001-09-13", "attacks on New York and Washington"),
    ("2001-09-14", "attacks on New York and Washington"),
    ("2004-06-11", "mourning for President Reagan"),
    ("2007-01-02", "mourning for President Ford"),
    ("2012-10-29", "hurricane Sandy"),
    ("2012-10-30", "hurricane Sandy"),
    ("2018-12-05", "mourning for President G. H. W. Bush"),
    ("2025-01-09", "mourning for President Carter"),
];

/// Days that closed at 13:00 by no rule, with the reason.
const EARLY_CLOSES: [(&str, &str); 3] = [
    ("1997-12-26", "Friday after Christmas"),
    ("1999-12-31", "turn of the millennium"),
    ("2003-12-26", "Friday after Christmas"),
];

/// Returns the one-off days without trading, ascending.
pub(super) fn closed_days() -> impl Iterator<Item = Day> {
    days(&CLOSED_DAYS)
}

/// Returns the one-off days that closed at 13:00, ascending.
pub(super) fn early_closes() -> impl Iterator<Item = Day> {
    days(&EARLY_CLOSES)
}

fn days(table: &'static [(&str, &str)]) -> impl Iterator<Item = Day> {
    table
        .iter()
        .map(|(day, _)| day.parse().expect("the table is written in valid dates"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_ascending_and_gives_reasons() {
        assert!(closed_days().is_sorted_by(|a, b| a < b));
        assert!(early_closes().is_sorted_by(|a, b| a < b));
        assert!(
            CLOSED_DAYS
                .iter()
                .chain(&EARLY_CLOSES)
                .all(|(_, reason)| !reason.is_empty())
        );
    }
}
