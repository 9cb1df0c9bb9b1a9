//! Ordered parallel map that stays on the calling thread below a threshold, where waking other
//! threads would take longer than the work. Results are in input order either way.

use rayon::prelude::*;

/// Maps each item. Up to `sequential` items are mapped on the calling thread.
pub(super) fn map<T: Send, R: Send>(
    items: Vec<T>,
    sequential: usize,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    if items.len() <= sequential {
        items.into_iter().map(work).collect()
    } else {
        items.into_par_iter().map(work).collect()
    }
}

/// Maps each item by reference, like [`map`].
pub(super) fn map_ref<'t, T: Sync, R: Send>(
    items: &'t [T],
    sequential: usize,
    work: impl Fn(&'t T) -> R + Sync + Send,
) -> Vec<R> {
    if items.len() <= sequential {
        items.iter().map(work).collect()
    } else {
        items.par_iter().map(work).collect()
    }
}

/// Maps chunks of at most `chunk` items. A single chunk is mapped on the calling thread.
pub(super) fn map_chunks<T: Send, R: Send>(
    items: Vec<T>,
    chunk: usize,
    work: impl Fn(Vec<T>) -> R + Sync + Send,
) -> Vec<R> {
    if items.is_empty() {
        Vec::new()
    } else if items.len() <= chunk {
        vec![work(items)]
    } else {
        items.into_par_iter().chunks(chunk).map(work).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_input_order() {
        for count in [0, 1, 8, 9, 1_000] {
            let items: Vec<u64> = (0..count).collect();
            let doubled: Vec<u64> = (0..count).map(|number| 2 * number).collect();
            assert_eq!(map_ref(&items, 8, |number| 2 * number), doubled);
            assert_eq!(map_chunks(items.clone(), 8, doubled_all).concat(), doubled);
            assert_eq!(map(items, 8, |number| 2 * number), doubled);
        }
    }

    fn doubled_all(chunk: Vec<u64>) -> Vec<u64> {
        assert!((1..=8).contains(&chunk.len()));
        chunk.into_iter().map(|number| 2 * number).collect()
    }

    #[test]
    fn short_inputs_stay_on_the_calling_thread() {
        let here = std::thread::current().id();
        let threads = map(vec![(); 8], 8, |()| std::thread::current().id());
        assert!(threads.into_iter().all(|thread| thread == here));
    }
}
