//! Who, in few words: `A, C..F`, the way a scenario writes it.

use crate::scenario::world::name_range;

/// From so many names on that follow each other they are written as a range.
const LEAST: usize = 3;

/// So many words are read one by one; beyond that, who is not among them is said instead.
const READ: usize = 6;

/// Names as a scenario would write them: those that follow each other by letter or number as a
/// range, the others one by one; `nobody` where there are none.
pub(in crate::scenario) fn folded(names: &[String]) -> String {
    if names.is_empty() {
        return "nobody".to_owned();
    }
    words(names).join(", ")
}

/// The same, of portfolios that are `all` there are: where most of them are meant and their names
/// are many, `all 13 but Tech Growth`.
pub(in crate::scenario) fn folded_of(names: &[String], all: &[String]) -> String {
    let others: Vec<String> = (all.iter())
        .filter(|name| !names.contains(name))
        .cloned()
        .collect();
    let among = names.len() + others.len() == all.len();
    if !among || words(names).len() <= READ || words(&others).len() > READ / 2 {
        return folded(names);
    }
    let count = all.len();
    if others.is_empty() {
        return format!("all {count}");
    }
    format!("all {count} but {}", folded(&others))
}

fn words(names: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = names;
    while let Some(first) = rest.first() {
        let run = name_range(rest.iter().map(String::as_str));
        if run >= LEAST {
            words.push(format!("{first}..{}", rest[run - 1]));
        } else {
            words.extend(rest[..run].iter().cloned());
        }
        rest = &rest[run..];
    }
    words
}

/// Whether `next` is the name after `name` in a range.
pub(in crate::scenario) fn follows(name: &str, next: &str) -> bool {
    name_range([name, next]) == 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::world::names_of;

    fn fold(names: &[&str]) -> String {
        folded(
            &names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn names_that_follow_each_other_are_a_range() {
        assert_eq!(fold(&["A", "C", "D", "E", "G"]), "A, C..E, G");
        assert_eq!(fold(&["A", "B"]), "A, B");
        assert_eq!(fold(&["P9", "P10", "P11"]), "P9..P11");
        assert_eq!(fold(&["P08", "P09", "P10", "Q11"]), "P08..P10, Q11");
        assert_eq!(
            fold(&["Tech Growth", "Individual"]),
            "Tech Growth, Individual"
        );
        assert_eq!(fold(&[]), "nobody");
    }

    #[test]
    fn of_many_who_are_nearly_all_the_others_are_said() {
        let all: Vec<String> = [
            "Oak", "Elm", "Ash", "Yew", "Fir", "Box", "Bay", "Fig", "Gum",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(folded_of(&all, &all), "all 9");
        assert_eq!(folded_of(&all[2..], &all), "all 9 but Oak, Elm");
        assert_eq!(folded_of(&all[..2], &all), "Oak, Elm");
        assert_eq!(folded_of(&all[3..], &all), folded(&all[3..]));
        assert_eq!(folded_of(&all, &all[2..]), folded(&all));
    }

    #[test]
    fn a_range_is_read_as_the_names_that_it_was_made_of() {
        for range in ["B..L", "P1..P20", "P01..P20", "Fund 98..Fund 103"] {
            assert_eq!(folded(&names_of(range).unwrap()), range);
        }
    }
}
