//! Finds the known word nearest to a mistyped one, for "did you mean" hints.

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
