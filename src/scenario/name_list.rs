//! Formats lists of portfolio names briefly, as scenarios write them: `A, C..F`.

use crate::scenario::world::names::{name_range_length, written_range_length};

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
    use crate::scenario::world::names::expand;

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
