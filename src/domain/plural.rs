//! Chooses between the singular and the plural of a noun.

/// Returns the noun without the number: singular for 1, else plural.
pub fn pluralize(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => noun.to_owned(),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        (_, _) => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let nouns = [0, 1, 2].map(|number| pluralize(number, "cell"));
        assert_eq!(nouns, ["cells", "cell", "cells"]);
        assert_eq!(pluralize(2, "security"), "securities");
        assert_eq!(pluralize(2, "day"), "days");
    }
}
