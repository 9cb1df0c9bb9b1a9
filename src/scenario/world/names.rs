//! Expands the names of portfolios, and finds portfolios by name or id. A key is one name, or a range
//! such as `B..L` or `P1..P20`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::error::{Nearest, WorldError};
use super::state::WorldPortfolio;
use crate::domain::PortfolioKey;

/// The most portfolios in one range.
const MAX_RANGE_LENGTH: u64 = 1_000_000;

/// The names that one text stands for, made one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Names {
    /// A text that is no range.
    One(Option<String>),
    /// A range of letters.
    Letters(RangeInclusive<u8>),
    /// A range of numbers after a common prefix.
    Numbers {
        /// The text before each number.
        prefix: String,
        /// The least number of digits.
        width: usize,
        /// The numbers.
        numbers: RangeInclusive<u64>,
    },
}

impl Iterator for Names {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        match self {
            Self::One(name) => name.take(),
            Self::Letters(letters) => letters.next().map(|letter| char::from(letter).into()),
            Self::Numbers {
                prefix,
                width,
                numbers,
            } => {
                let (number, width) = (numbers.next()?, *width);
                Some(format!("{prefix}{number:0width$}"))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = match self {
            Self::One(name) => usize::from(name.is_some()),
            Self::Letters(letters) => letters.len(),
            // `expand` bounds it.
            Self::Numbers { numbers, .. } if numbers.is_empty() => 0,
            Self::Numbers { numbers, .. } => (numbers.end() - numbers.start() + 1) as usize,
        };
        (length, Some(length))
    }
}

impl ExactSizeIterator for Names {}

/// Expands a text to names: `B..L` to those from `B` to `L`, `P1..P20` to those from `P1` to `P20`
/// (`P01..P20` keeps its zeros), and any other text to itself. Returns `None` for an empty text and
/// for an invalid range: prefixes that differ, or ends in reverse order.
pub(crate) fn expand(text: &str) -> Option<Names> {
    let Some((first, last)) = text.split_once("..") else {
        return (!text.trim().is_empty()).then(|| Names::One(Some(text.to_owned())));
    };
    expand_letters(first, last).or_else(|| expand_numbers(first, last))
}

/// Expands a text to names like [`expand`], and an invalid one to itself.
pub(crate) fn expand_or_keep(text: &str) -> Names {
    expand(text).unwrap_or_else(|| Names::One(Some(text.to_owned())))
}

/// Returns the number of names that several texts stand for.
pub(crate) fn count_names<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let counts = texts.into_iter().filter_map(expand);
    counts.map(|names| names.len() as u64).sum()
}

/// Returns whether a key of this text means exactly the portfolio of this name.
pub(crate) fn is_plain_name(name: &str) -> bool {
    expand(name).is_some_and(|names| names.eq([name]))
}

/// The least number of consecutive names that is written as a range; fewer are easier to read one
/// by one.
const MIN_WRITTEN_RANGE: usize = 3;

/// Returns the number of leading names to write as one entry: those of a range, else one.
pub(crate) fn written_range_length<'n>(names: impl IntoIterator<Item = &'n str>) -> usize {
    match name_range_length(names) {
        length if length < MIN_WRITTEN_RANGE => 1,
        length => length,
    }
}

/// Returns the number of leading names that one range covers, such as 3 for `P1`, `P2`, `P3`, `X`.
/// It is 0 without names, otherwise at least 1. `expand` gives the same names back.
pub(crate) fn name_range_length<'n>(names: impl IntoIterator<Item = &'n str>) -> usize {
    let mut names = names.into_iter();
    let Some(first) = names.next() else {
        return 0;
    };
    let mut length = 1;
    if let &[letter] = first.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        let end = if letter.is_ascii_uppercase() {
            b'Z'
        } else {
            b'z'
        };
        let next = (letter + 1..=end).zip(names);
        return 1 + next
            .take_while(|(letter, name)| name.as_bytes() == [*letter])
            .count();
    }
    let Some((prefix, digits)) = split_number(first) else {
        return length;
    };
    // A leading zero fixes the width, as in `P08`, `P09`, `P10`.
    let width = if digits.starts_with('0') {
        digits.len()
    } else {
        0
    };
    let (Ok(number), true) = (digits.parse::<u64>(), !prefix.contains("..")) else {
        return length;
    };
    for (name, number) in names.zip(number + 1..) {
        if name != format!("{prefix}{number:0width$}") || length as u64 >= MAX_RANGE_LENGTH {
            break;
        }
        length += 1;
    }
    length
}

fn expand_letters(first: &str, last: &str) -> Option<Names> {
    let (&[from], &[to]) = (first.as_bytes(), last.as_bytes()) else {
        return None;
    };
    let same_case = (from.is_ascii_uppercase() && to.is_ascii_uppercase())
        || (from.is_ascii_lowercase() && to.is_ascii_lowercase());
    (same_case && from <= to).then_some(Names::Letters(from..=to))
}

fn expand_numbers(first: &str, last: &str) -> Option<Names> {
    let (prefix, from) = split_number(first)?;
    let (same_prefix, to) = split_number(last)?;
    let width = if from.starts_with('0') { from.len() } else { 0 };
    let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    let is_short = to
        .checked_sub(from)
        .is_some_and(|span| span < MAX_RANGE_LENGTH);
    (prefix == same_prefix && is_short).then(|| Names::Numbers {
        prefix: prefix.to_owned(),
        width,
        numbers: from..=to,
    })
}

/// Splits a text into a prefix and the digits at its end; `None` without digits.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let prefix = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = &text[prefix.len()..];
    (!digits.is_empty()).then_some((prefix, digits))
}

/// Index of the portfolios of a world, by id and by name.
pub(super) struct PortfolioResolver<'w> {
    portfolios: &'w [WorldPortfolio],
    by_key: BTreeMap<PortfolioKey, usize>,
    by_name: BTreeMap<&'w str, usize>,
}

impl<'w> PortfolioResolver<'w> {
    /// Indexes portfolios. If several have a name, it finds the first of them.
    pub(super) fn new(portfolios: &'w [WorldPortfolio]) -> Self {
        let numbered = || portfolios.iter().map(|entry| &entry.portfolio).enumerate();
        Self {
            by_key: numbered()
                .map(|(at, portfolio)| (portfolio.key, at))
                .collect(),
            by_name: (numbered()
                .rev()
                .map(|(at, portfolio)| (portfolio.name.as_str(), at)))
            .collect(),
            portfolios,
        }
    }

    /// Returns the portfolios of a name, an id or a range of names, each with the name or id that
    /// found it. An id wins over a name, and an exact name over a range.
    pub(super) fn resolve(
        &self,
        text: &str,
    ) -> Result<Vec<(String, &'w WorldPortfolio)>, WorldError> {
        if let Some(portfolio) = self.find(text) {
            return Ok(vec![(text.to_owned(), portfolio)]);
        }
        let names = expand(text).ok_or_else(|| WorldError::InvalidNameRange(text.to_owned()))?;
        let found = names.map(|name| match self.find(&name) {
            Some(portfolio) => Ok((name, portfolio)),
            None => Err(self.unknown(name)),
        });
        found.collect()
    }

    /// Returns the portfolio of a name or an id.
    pub(super) fn require(&self, text: &str) -> Result<&'w WorldPortfolio, WorldError> {
        self.find(text).ok_or_else(|| self.unknown(text.to_owned()))
    }

    fn find(&self, text: &str) -> Option<&'w WorldPortfolio> {
        let by_key = self.by_key.get(&PortfolioKey::from_name(text));
        let at = by_key.or_else(|| self.by_name.get(text))?;
        Some(&self.portfolios[*at])
    }

    fn unknown(&self, name: String) -> WorldError {
        let nearest = Nearest::find(&name, self.by_name.keys().copied());
        WorldError::UnknownPortfolio { name, nearest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Vec<String> {
        let names = expand(text).unwrap();
        assert_eq!(count_names([text]), names.len() as u64);
        names.collect()
    }

    #[test]
    fn a_range_includes_both_ends() {
        assert_eq!(expanded("B..E"), ["B", "C", "D", "E"]);
        assert_eq!(expanded("P9..P11"), ["P9", "P10", "P11"]);
        assert_eq!(
            expanded("Fund 08..Fund 10"),
            ["Fund 08", "Fund 09", "Fund 10"]
        );
        assert_eq!(expanded("1..3"), ["1", "2", "3"]);
    }

    #[test]
    fn name_range_length_agrees_with_expand() {
        for (names, length) in [
            (&["B", "C", "D", "F"][..], 3),
            (&["P9", "P10", "P11"], 3),
            (&["P09", "P10", "P12"], 2),
            (&["P9", "P010"], 1),
            (&["P99", "P100"], 2),
            (&["0", "00"], 1),
            (&["Z", "AA"], 1),
            (&["A..1", "A..2"], 1),
            (&["Tech", "Tech 2"], 1),
            (&["P99999999999999999999"], 1),
        ] {
            assert_eq!(
                name_range_length(names.iter().copied()),
                length,
                "{names:?}"
            );
            if length > 1 {
                let range = format!("{}..{}", names[0], names[length - 1]);
                assert_eq!(expanded(&range), names[..length], "{range}");
            }
        }
        assert!(is_plain_name("Tech Growth") && !is_plain_name("A..C") && !is_plain_name(" "));
    }

    #[test]
    fn a_plain_name_expands_to_itself() {
        assert_eq!(expanded("Robinhood Tech"), ["Robinhood Tech"]);
    }

    #[test]
    fn invalid_ranges_are_refused() {
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
