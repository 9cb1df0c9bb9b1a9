//! Formats numbers for people: with thousands separators and units, and changes with a sign.

use std::time::Duration;

use super::fit::NBSP;
use crate::domain::pluralize;
use crate::domain::{Figure, Money, Price, Quantity};

/// The text of a number that is absent.
pub const ABSENT: &str = "–";

/// Formats a count, such as `1,204`.
pub fn count(number: u64) -> String {
    group_thousands(&number.to_string())
}

/// Formats a count with its noun, joined by a no-break space: `1 cell`, `1,204 cells`,
/// `2 securities`.
pub fn plural(number: u64, noun: &str) -> String {
    format!("{}{NBSP}{}", count(number), pluralize(number, noun))
}

/// Formats a count with its noun, joined by a plain space: `1 session`, `1,204 sessions`.
pub fn count_with_noun(number: u64, noun: &str) -> String {
    format!("{} {}", count(number), pluralize(number, noun))
}

/// Formats an amount with two decimals, rounded half to even, such as `-1,234,567.89`.
pub fn money(amount: Money) -> String {
    group_thousands(&format!("{amount:.2}"))
}

/// Formats a change of money with its sign: `+1,234.50`, `-3.00`, `0.00`.
pub fn signed_money(amount: Money) -> String {
    let text = money(amount);
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    match (is_zero, amount.is_negative()) {
        (true, _) => text.trim_start_matches('-').to_owned(),
        (false, true) => text,
        (false, false) => format!("+{text}"),
    }
}

/// Formats a quantity with all its decimals: `1,250`, `0.5`.
pub fn quantity(quantity: Quantity) -> String {
    group_thousands(&quantity.to_string())
}

/// Formats a price with all its decimals, at least two: `187.20`, `0.117203`.
pub fn price(price: Price) -> String {
    let text = price.to_string();
    match text.split_once('.') {
        Some((_, decimals)) if decimals.len() >= 2 => group_thousands(&text),
        _ => group_thousands(&format!("{price:.2}")),
    }
}

/// Formats a ratio that is a change: `+1.23 %`, `-0.40 %`, `0.00 %`.
pub fn signed_percent(ratio: f64) -> String {
    let text = percent(ratio);
    if text.starts_with('-') || text.starts_with("0.00") {
        text
    } else {
        format!("+{text}")
    }
}

/// Formats a ratio that is a share: `41.20 %`.
pub fn percent(ratio: f64) -> String {
    format!("{}{NBSP}%", two_decimals(ratio * 100.0))
}

/// Formats a plain ratio: `1.04`, `-0.31`.
pub fn ratio(number: f64) -> String {
    two_decimals(number)
}

/// Formats a figure with `show`, or [`ABSENT`] where it is absent.
pub fn figure(figure: &Figure, show: impl Fn(f64) -> String) -> String {
    figure.value().map_or_else(|| ABSENT.to_owned(), show)
}

/// Formats a duration, rounded down: `340 ms`, `1.2 s`, `2 min 05 s`, `3 h 12 min`.
pub fn duration(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match time.as_secs() {
        _ if time.is_zero() => format!("0{NBSP}ms"),
        _ if milliseconds == 0 => format!("under{NBSP}1{NBSP}ms"),
        _ if milliseconds < 1_000 => format!("{milliseconds}{NBSP}ms"),
        0..60 => format!(
            "{}.{}{NBSP}s",
            milliseconds / 1_000,
            milliseconds % 1_000 / 100
        ),
        seconds @ 60..3_600 => {
            format!("{}{NBSP}min{NBSP}{:02}{NBSP}s", seconds / 60, seconds % 60)
        }
        seconds => {
            let (hours, minutes) = (count(seconds / 3_600), seconds % 3_600 / 60);
            format!("{hours}{NBSP}h{NBSP}{minutes:02}{NBSP}min")
        }
    }
}

/// Formats a number with two decimals. A number from 1e12 on, too wide for a column, gets an
/// exponent. A negative number that rounds to zero gets no sign.
fn two_decimals(number: f64) -> String {
    if number.abs() >= 1e12 {
        return format!("{number:.2e}");
    }
    let text = format!("{number:.2}");
    if text == "-0.00" {
        "0.00".to_owned()
    } else {
        group_thousands(&text)
    }
}

/// Puts commas between the thousands before the decimal point.
fn group_thousands(digits: &str) -> String {
    let whole_end = digits.find('.').unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(whole_end);
    let (sign, whole) = match whole.strip_prefix('-') {
        Some(whole) => ("-", whole),
        None => ("", whole),
    };
    let mut text = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_nbsp(text: &str) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn only_digits_before_the_point_are_grouped() {
        assert_eq!(count(999), "999");
        assert_eq!(count(1_204), "1,204");
        assert_eq!(money(Money::from_units(-12_345_678_950)), "-1,234,567.90");
        assert_eq!(money(Money::MAX), "922,337,203,685,477.58");
        assert_eq!(quantity("1250.00012".parse().unwrap()), "1,250.00012");
    }

    #[test]
    fn a_price_has_two_decimals_or_as_many_as_it_needs() {
        assert_eq!(price("187.2".parse().unwrap()), "187.20");
        assert_eq!(price("1187".parse().unwrap()), "1,187.00");
        assert_eq!(price("0.117203".parse().unwrap()), "0.117203");
    }

    #[test]
    fn a_change_has_a_sign_unless_it_rounds_to_zero() {
        assert_eq!(signed_money(Money::whole(3)), "+3.00");
        assert_eq!(signed_money(Money::whole(-3)), "-3.00");
        assert_eq!(signed_money(Money::from_units(-1)), "0.00");
        assert_eq!(without_nbsp(&signed_percent(0.01234)), "+1.23 %");
        assert_eq!(without_nbsp(&signed_percent(-0.004)), "-0.40 %");
        assert_eq!(without_nbsp(&signed_percent(-0.000_001)), "0.00 %");
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(without_nbsp(&plural(1, "cell")), "1 cell");
        assert_eq!(without_nbsp(&plural(0, "cell")), "0 cells");
        assert_eq!(without_nbsp(&plural(2, "security")), "2 securities");
        assert_eq!(without_nbsp(&plural(2, "day")), "2 days");
    }

    #[test]
    fn durations_are_rounded_down() {
        let shown = |ms| without_nbsp(&duration(Duration::from_millis(ms)));
        assert_eq!(shown(0), "0 ms");
        assert_eq!(
            without_nbsp(&duration(Duration::from_micros(3))),
            "under 1 ms"
        );
        assert_eq!(shown(340), "340 ms");
        assert_eq!(shown(1_299), "1.2 s");
        assert_eq!(shown(125_000), "2 min 05 s");
        assert_eq!(shown(11_520_000), "3 h 12 min");
    }
}
