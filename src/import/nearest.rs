//! Finds the known word nearest to a mistyped one among many.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::domain::nearest;

/// The largest number of known words that are all compared. In a larger map only the neighbours in
/// sorted order are compared, so that the cost of a file full of unknown names does not grow with
/// the number of known ones.
const MAX_COMPARED: usize = 1_000;
/// Known words compared on either side of the mistyped one.
const NEIGHBOURS: usize = 64;

/// Returns the key of `map` nearest to `word`, if one is similar enough.
pub(super) fn nearest_key<V>(word: &str, map: &BTreeMap<String, V>) -> Option<String> {
    if map.len() <= MAX_COMPARED {
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
    fn compares_only_sorted_neighbours_in_a_large_map() {
        let map: BTreeMap<String, ()> = (0..5_000).map(|n| (format!("fund-{n:05}"), ())).collect();
        assert_eq!(
            nearest_key("fund-0420x", &map),
            Some("fund-04200".to_owned())
        );
    }
}
