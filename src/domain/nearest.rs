//! The known word nearest to a mistyped one.

/// The candidate that differs least from `word`: by case alone, or in about a third of its
/// letters at most.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let most = (length / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= most && *distance < length.max(1))
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
