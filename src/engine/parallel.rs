//! The same done for each of many things: on all threads where they are enough to be worth waking
//! the others for. What comes of them is in order either way.

use rayon::prelude::*;

/// Does `work` with each. Up to `few` are done here, sooner than another thread would wake.
pub(super) fn map<T: Send, R: Send>(
    things: Vec<T>,
    few: usize,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    if things.len() <= few {
        things.into_iter().map(work).collect()
    } else {
        things.into_par_iter().map(work).collect()
    }
}

/// The same for things that stay where they are.
pub(super) fn map_ref<'t, T: Sync, R: Send>(
    things: &'t [T],
    few: usize,
    work: impl Fn(&'t T) -> R + Sync + Send,
) -> Vec<R> {
    if things.len() <= few {
        things.iter().map(work).collect()
    } else {
        things.par_iter().map(work).collect()
    }
}

/// Does `work` with so many at a time; up to that many are done here.
pub(super) fn map_chunks<T: Send, R: Send>(
    things: Vec<T>,
    most: usize,
    work: impl Fn(Vec<T>) -> R + Sync + Send,
) -> Vec<R> {
    if things.is_empty() {
        Vec::new()
    } else if things.len() <= most {
        vec![work(things)]
    } else {
        things.into_par_iter().chunks(most).map(work).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_input_order() {
        for count in [0, 1, 8, 9, 1_000] {
            let things: Vec<u64> = (0..count).collect();
            let doubled: Vec<u64> = (0..count).map(|one| 2 * one).collect();
            assert_eq!(map_ref(&things, 8, |one| 2 * one), doubled);
            assert_eq!(map_chunks(things.clone(), 8, doubled_all).concat(), doubled);
            assert_eq!(map(things, 8, |one| 2 * one), doubled);
        }
    }

    fn doubled_all(some: Vec<u64>) -> Vec<u64> {
        assert!((1..=8).contains(&some.len()));
        some.into_iter().map(|one| 2 * one).collect()
    }

    #[test]
    fn short_inputs_stay_on_the_calling_thread() {
        let here = std::thread::current().id();
        let threads = map(vec![(); 8], 8, |()| std::thread::current().id());
        assert!(threads.into_iter().all(|thread| thread == here));
    }
}
