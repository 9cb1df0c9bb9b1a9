//! The known word nearest to a mistyped one.

use std::collections::BTreeMap;
use std::ops::Bound;

/// Up to this many known words are all compared; of more, only the neighbours in sorted order,
/// so that a file full of unknown names costs no more than its rows.
const COMPARED: usize = 1_000;
const NEIGHBOURS: usize = 64;

/// The candidate that differs least from `word`: by case alone, or in about a third of its
/// letters at most.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
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

/// The key of `map` nearest to `word`.
pub(super) fn nearest_key<V>(word: &str, map: &BTreeMap<String, V>) -> Option<String> {
    if map.len() <= COMPARED {
        return nearest(word, map.keys().map(String::as_str));
    }
    let before = map.range::<str, _>((Bound::Unbounded, Bound::Excluded(word)));
    let after = map.range::<str, _>((Bound::Included(word), Bound::Unbounded));
    let around = before.rev().take(NEIGHBOURS).chain(after.take(NEIGHBOURS));
    nearest(word, around.map(|(key, _)| key.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_seen_and_a_stranger_is_not() {
        let known = ["date", "close", "symbol"];
        assert_eq!(nearest("dtae", known), Some("date".to_owned()));
        assert_eq!(nearest("SYMBOL", known), Some("symbol".to_owned()));
        assert_eq!(nearest("quantity", known), None);
        assert_eq!(nearest("x", known), None);
    }

    #[test]
    fn of_many_words_the_neighbours_are_compared() {
        let map: BTreeMap<String, ()> = (0..5_000).map(|n| (format!("fund-{n:05}"), ())).collect();
        assert_eq!(
            nearest_key("fund-0420x", &map),
            Some("fund-04200".to_owned())
        );
    }
}
