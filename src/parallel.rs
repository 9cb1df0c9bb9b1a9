//! Provides an ordered parallel map: the results have the order of the items, for any number of
//! threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Returns the number of threads that the system can run at once, at least 1.
pub fn available_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Calls `work` with each of `items` on up to `jobs` threads, and returns the results in order.
///
/// # Panics
///
/// A panic of `work` resumes in the caller, after all threads have ended.
pub fn map<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    // Threads claim the next item from a shared counter, so one slow item delays no other.
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        let threads = (0..jobs.get().min(items.len())).map(|_| {
            scope.spawn(|| {
                while let Some((at, item)) = next_item(&next, items) {
                    let result = work(item);
                    *done[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                }
            })
        });
        let threads: Vec<_> = threads.collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
    let done = done.into_iter();
    done.filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

fn next_item<'t, T>(next: &AtomicUsize, items: &'t [T]) -> Option<(usize, &'t T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_input_order() {
        let items: Vec<u64> = (0..1_000).collect();
        for jobs in [1, 2, 8] {
            let jobs = NonZeroUsize::new(jobs).unwrap();
            let squares = map(jobs, &items, |number| number * number);
            assert!(
                squares
                    .iter()
                    .zip(&items)
                    .all(|(square, number)| *square == number * number)
            );
            assert_eq!(squares.len(), items.len());
        }
        assert!(map(NonZeroUsize::MIN, &[] as &[u64], |number| *number).is_empty());
    }

    #[test]
    #[should_panic(expected = "seven")]
    fn a_panic_resumes_in_the_caller() {
        let jobs = NonZeroUsize::new(2).unwrap();
        map(jobs, &[1, 7, 3], |number| assert!(*number != 7, "seven"));
    }
}
