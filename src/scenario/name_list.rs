//! Who, in few words: `A, C..F`, the way a scenario writes it.

use crate::scenario::world::name_range_length;

/// From so many names on that follow each other they are written as a range.
const MIN_RANGE_LENGTH: usize = 3;

/// So many words are read one by one; beyond that, who is not among them is said instead.
const MAX_LISTED_NAMES: usize = 6;

/// Names as a scenario would write them: those that follow each other by letter or number as a
/// range, the others one by one; `nobody` where there are none.
pub(in crate::scenario) fn format_names(names: &[String]) -> String {
    if names.is_empty() {
        return "nobody".to_owned();
    }
    name_ranges(names).join(", ")
}

/// The same, of portfolios that are `all` there are: where most of them are meant and their names
/// are many, `all 13 but Tech Growth`.
pub(in crate::scenario) fn format_names_among(names: &[String], all: &[String]) -> String {
    let others: Vec<String> = (all.iter())
        .filter(|name| !names.contains(name))
        .cloned()
        .collect();
    let among = names.len() + others.len() == all.len();
    if !among
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

fn name_ranges(names: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = names;
    while let Some(first) = rest.first() {
        let run = name_range_length(rest.iter().map(String::as_str));
        if run >= MIN_RANGE_LENGTH {
            words.push(format!("{first}..{}", rest[run - 1]));
        } else {
            words.extend(rest[..run].iter().cloned());
        }
        rest = &rest[run..];
    }
    words
}

/// Whether `next` is the name after `name` in a range.
pub(in crate::scenario) fn is_next_name(name: &str, next: &str) -> bool {
    name_range_length([name, next]) == 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::world::names_of;

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
        assert_eq!(format_all(&[]), "nobody");
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
            assert_eq!(format_names(&names_of(range).unwrap()), range);
        }
    }
}
