//! Chooses the known words that are compared with an unknown one, to suggest the nearest.

use std::collections::BTreeMap;
use std::ops::Bound;

/// The largest number of known words that are all compared with an unknown one. In a larger map only
/// the neighbours in sorted order are compared, so that the cost of a file full of unknown names does
/// not grow with the number of known ones.
const MAX_COMPARED: usize = 1_000;
/// Known words compared on either side of the unknown one.
const NEIGHBOURS: usize = 64;

/// Returns the keys of `map` to compare with an unknown word.
pub(super) fn neighbours<'m, V>(
    word: &str,
    map: &'m BTreeMap<String, V>,
) -> impl Iterator<Item = &'m str> {
    let all = map.len() <= MAX_COMPARED;
    let count = if all { MAX_COMPARED } else { NEIGHBOURS };
    let before = map.range::<str, _>((Bound::Unbounded, Bound::Excluded(word)));
    let after = map.range::<str, _>((Bound::Included(word), Bound::Unbounded));
    let around = before.rev().take(count).chain(after.take(count));
    around.map(|(key, _)| key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nearest;

    #[test]
    fn only_sorted_neighbours_are_compared_in_a_large_map() {
        let map: BTreeMap<String, ()> = (0..5_000).map(|n| (format!("fund-{n:05}"), ())).collect();
        let around = || neighbours("fund-0420x", &map);
        assert_eq!(around().count(), 2 * NEIGHBOURS);
        assert_eq!(
            nearest("fund-0420x", around()),
            Some("fund-04200".to_owned())
        );
    }
}
