//! Builds the text of the reason that is stored with an invalidation.

use crate::domain::{CloseChange, Split};
use crate::import::SplitChange;

/// Describes the closes of one security that were set: at least one, in any order.
pub(super) fn closes(symbol: &str, changes: &[CloseChange]) -> String {
    if let [change] = changes {
        let (day, price) = (change.day, change.price);
        return match change.previous {
            Some(was) => format!("close of {symbol} on {day} corrected from {was} to {price}"),
            None => format!("close of {symbol} on {day} added late: {price}"),
        };
    }
    let days = changes.iter().map(|change| change.day);
    let count = changes.len();
    let span = match (days.clone().min(), days.max()) {
        (Some(first), Some(last)) => format!("{count} closes of {symbol}, {first} to {last}"),
        _ => format!("closes of {symbol}"),
    };
    let late = changes
        .iter()
        .filter(|change| change.previous.is_none())
        .count();
    match count - late {
        0 => format!("{span}, added late"),
        corrected if late == 0 && corrected > 0 => format!("{span}, corrected"),
        corrected => format!("{span}: {late} added late, {corrected} corrected"),
    }
}

/// Describes a split that was added or corrected.
pub(super) fn split(symbol: &str, change: &SplitChange) -> String {
    let ratio = |split: &Split| format!("{}:{}", split.new, split.old);
    let (day, now) = (change.split.day, ratio(&change.split));
    match &change.was {
        Some(was) => {
            let was = ratio(was);
            format!("split of {symbol} on {day} corrected from {was} to {now}")
        }
        None => format!("split {now} of {symbol} on {day} added late"),
    }
}

/// Describes `count` transactions of a portfolio that were added late.
pub(super) fn entries(portfolio: &str, count: usize, first: crate::domain::Day) -> String {
    match count {
        1 => format!("a transaction of {portfolio} on {first}"),
        _ => format!("{count} transactions of {portfolio} from {first} on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, SecurityId};
    use crate::import::sample::day;

    fn close(on: &str, was: Option<i32>, price: i32) -> CloseChange {
        CloseChange {
            security: SecurityId(1),
            day: day(on),
            previous: was.map(Price::whole),
            price: Price::whole(price),
        }
    }

    #[test]
    fn a_close_reason_names_old_and_new_price() {
        let corrected = close("2026-01-05", Some(100), 101);
        assert_eq!(
            closes("AAPL", &[corrected]),
            "close of AAPL on 2026-01-05 corrected from 100 to 101"
        );
        let late = close("2026-01-06", None, 102);
        assert_eq!(
            closes("AAPL", &[late]),
            "close of AAPL on 2026-01-06 added late: 102"
        );
        assert_eq!(
            closes("AAPL", &[late, corrected]),
            "2 closes of AAPL, 2026-01-05 to 2026-01-06: 1 added late, 1 corrected"
        );
        assert_eq!(
            closes("AAPL", &[late, late]),
            "2 closes of AAPL, 2026-01-06 to 2026-01-06, added late"
        );
        assert_eq!(
            closes("AAPL", &[corrected, corrected]),
            "2 closes of AAPL, 2026-01-05 to 2026-01-05, corrected"
        );
    }

    #[test]
    fn a_split_reason_names_its_ratio() {
        let split_of = |new, old| Split {
            security: SecurityId(1),
            day: day("2026-01-05"),
            new,
            old,
        };
        let mut change = SplitChange {
            was: None,
            split: split_of(2, 1),
        };
        assert_eq!(
            split("AAPL", &change),
            "split 2:1 of AAPL on 2026-01-05 added late"
        );
        change.was = Some(split_of(3, 2));
        assert_eq!(
            split("AAPL", &change),
            "split of AAPL on 2026-01-05 corrected from 3:2 to 2:1"
        );
    }
}
