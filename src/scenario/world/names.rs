//! Which portfolios a key names: one by its name, or several by a range.

/// The most portfolios that one range may name.
const MOST: u64 = 1_000_000;

/// The names that `text` stands for: those from `B` to `L` for `B..L`, those from `P1` to `P20`
/// for `P1..P20` (with the zeros of `P01..P20`), otherwise the text itself. Nothing where it is
/// a range that can't be followed: no common beginning, or the wrong way round.
pub(in crate::scenario) fn expand(text: &str) -> Option<Vec<String>> {
    let Some((first, last)) = text.split_once("..") else {
        return (!text.trim().is_empty()).then(|| vec![text.to_owned()]);
    };
    letters(first, last).or_else(|| numbers(first, last))
}

fn letters(first: &str, last: &str) -> Option<Vec<String>> {
    let (&[from], &[to]) = (first.as_bytes(), last.as_bytes()) else {
        return None;
    };
    let alike = (from.is_ascii_uppercase() && to.is_ascii_uppercase())
        || (from.is_ascii_lowercase() && to.is_ascii_lowercase());
    (alike && from <= to).then(|| {
        (from..=to)
            .map(|letter| char::from(letter).into())
            .collect()
    })
}

fn numbers(first: &str, last: &str) -> Option<Vec<String>> {
    let (prefix, from) = split_number(first)?;
    let (same, to) = split_number(last)?;
    let width = if from.starts_with('0') { from.len() } else { 0 };
    let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    let few = to.checked_sub(from).is_some_and(|span| span < MOST);
    (prefix == same && few).then(|| {
        (from..=to)
            .map(|number| format!("{prefix}{number:0width$}"))
            .collect()
    })
}

/// What stands before the digits at the end, and those digits, of which there is at least one.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let prefix = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = &text[prefix.len()..];
    (!digits.is_empty()).then_some((prefix, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_numbers_run_to_the_last_one_included() {
        assert_eq!(expand("B..E").unwrap(), ["B", "C", "D", "E"]);
        assert_eq!(expand("P9..P11").unwrap(), ["P9", "P10", "P11"]);
        assert_eq!(
            expand("Fund 08..Fund 10").unwrap(),
            ["Fund 08", "Fund 09", "Fund 10"]
        );
        assert_eq!(expand("1..3").unwrap(), ["1", "2", "3"]);
    }

    #[test]
    fn a_plain_name_is_itself() {
        assert_eq!(expand("Robinhood Tech").unwrap(), ["Robinhood Tech"]);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "L..B",
            "B..",
            "..L",
            "a..L",
            "P1..Q3",
            "P3..P1",
            "P0..P99999999",
            " ",
        ] {
            assert_eq!(expand(text), None, "{text}");
        }
    }
}
