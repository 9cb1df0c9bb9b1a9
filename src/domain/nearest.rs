//! Finds the known word nearest to a mistyped one, for "did you mean" hints.

use std::fmt;

/// Returns the candidate with the smallest edit distance to `word`, ignoring case. `None` if the
/// distance exceeds a third of the word's length (but 1 is always near enough), or if it is the
/// whole length.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let max_distance = (length / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= max_distance)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        // A distance of the whole length would suggest a word that shares no letter.
        .filter(|(distance, _)| *distance <= max_distance && *distance < length.max(1))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// The known name most similar to an unknown one, if any is similar. Displays as a question in
/// parentheses, or as nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest(Option<String>);

impl Nearest {
    /// Returns the name in `known` that is similar enough to `word` to be suggested.
    pub fn find<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self(nearest(word, known))
    }

    /// Returns the nearest expected key for a message of serde about an unknown one. serde quotes
    /// the unknown key first and then the expected ones, all in back-ticks.
    pub fn from_message(message: &str) -> Self {
        let mut words = message.split('`').skip(1).step_by(2);
        match words.next() {
            Some(unknown) if message.starts_with("unknown ") => Self::find(unknown, words),
            _ => Self(None),
        }
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, " (did you mean `{name}`?)"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typos_and_ignores_unrelated_words() {
        let known = ["date", "close", "symbol"];
        assert_eq!(nearest("dtae", known), Some("date".to_owned()));
        assert_eq!(nearest("SYMBOL", known), Some("symbol".to_owned()));
        assert_eq!(nearest("quantity", known), None);
        assert_eq!(nearest("x", known), None);
    }
}
