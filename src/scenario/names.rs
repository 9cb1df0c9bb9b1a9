//! Names of several portfolios as one text: expands ranges such as `B..L` or `P1..P20`, and formats
//! lists briefly, as scenarios write them: `A, C..F`.

use std::ops::RangeInclusive;

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

/// The most entries that are listed one by one; longer lists name the exceptions instead.
const MAX_LISTED_NAMES: usize = 6;

/// Formats names as a scenario writes them: consecutive letters or numbers as a range, other names
/// one by one, and `none` for an empty list.
pub(in crate::scenario) fn format_names(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    name_ranges(names).join(", ")
}

/// Formats names out of `all` there are. A long list of nearly all of them names the exceptions:
/// `all 13 but Tech Growth`.
pub(in crate::scenario) fn format_names_among(names: &[String], all: &[String]) -> String {
    let others: Vec<String> = (all.iter())
        .filter(|name| !names.contains(name))
        .cloned()
        .collect();
    let is_subset = names.len() + others.len() == all.len();
    if !is_subset
        || name_ranges(names).len() <= MAX_LISTED_NAMES
        || name_ranges(&others).len() > MAX_LISTED_NAMES / 2
    {
        return format_names(names);
    }
    let count = all.len();
    if others.is_empty() {
        return format!("all {count}");
    }
    format!("all {count} but {}", format_names(&others))
}

/// Returns names, with those that form a range joined.
pub(crate) fn name_ranges(names: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = names;
    while let Some(first) = rest.first() {
        let length = written_range_length(rest.iter().map(String::as_str));
        words.push(match length {
            1 => first.clone(),
            _ => format!("{first}..{}", rest[length - 1]),
        });
        rest = &rest[length..];
    }
    words
}

/// Returns whether `next` follows `name` in a range.
pub(in crate::scenario) fn is_next_name(name: &str, next: &str) -> bool {
    name_range_length([name, next]) == 2
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

    fn format_all(names: &[&str]) -> String {
        format_names(
            &names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn consecutive_names_are_written_as_a_range() {
        assert_eq!(format_all(&["A", "C", "D", "E", "G"]), "A, C..E, G");
        assert_eq!(format_all(&["A", "B"]), "A, B");
        assert_eq!(format_all(&["P9", "P10", "P11"]), "P9..P11");
        assert_eq!(format_all(&["P08", "P09", "P10", "Q11"]), "P08..P10, Q11");
        assert_eq!(
            format_all(&["Tech Growth", "Individual"]),
            "Tech Growth, Individual"
        );
        assert_eq!(format_all(&[]), "none");
    }

    #[test]
    fn a_long_list_of_nearly_all_names_lists_the_exceptions() {
        let all: Vec<String> = [
            "Oak", "Elm", "Ash", "Yew", "Fir", "Box", "Bay", "Fig", "Gum",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(format_names_among(&all, &all), "all 9");
        assert_eq!(format_names_among(&all[2..], &all), "all 9 but Oak, Elm");
        assert_eq!(format_names_among(&all[..2], &all), "Oak, Elm");
        assert_eq!(format_names_among(&all[3..], &all), format_names(&all[3..]));
        assert_eq!(format_names_among(&all, &all[2..]), format_names(&all));
    }

    #[test]
    fn a_formatted_range_expands_to_its_names() {
        for range in ["B..L", "P1..P20", "P01..P20", "Fund 98..Fund 103"] {
            assert_eq!(
                format_names(&expand(range).unwrap().collect::<Vec<_>>()),
                range
            );
        }
    }
}
