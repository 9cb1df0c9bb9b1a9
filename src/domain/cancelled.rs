//! Leaves out transactions that cancel each other, which the books never see.

use super::source::Transaction;

/// Removes each pair of transactions that cancel each other. `entries` are in booking order, and those
/// of a portfolio follow each other, portfolios ascending. Of several candidates the first is taken.
pub fn without_cancelled<E>(
    entries: impl IntoIterator<Item = E>,
    transaction: impl Fn(&E) -> &Transaction,
) -> Vec<E> {
    let day_of = |entry: &E| {
        let of = transaction(entry);
        (of.portfolio, of.day)
    };
    let entries = entries.into_iter();
    let mut kept: Vec<E> = Vec::with_capacity(entries.size_hint().0);
    for entry in entries {
        // Only the transactions of the same day are compared, and they are at the end.
        let day_start = kept.partition_point(|earlier| day_of(earlier) < day_of(&entry));
        let cancelled = kept[day_start..]
            .iter()
            .position(|earlier| transaction(earlier).cancels(transaction(&entry)));
        match cancelled {
            Some(at) => drop(kept.remove(day_start + at)),
            None => kept.push(entry),
        }
    }
    kept
}
