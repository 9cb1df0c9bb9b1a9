//! Many things done side by side: what comes of them is in their order, on however many threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// As many threads as there are processors.
pub fn available_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Does `work` with each of `things` on up to `jobs` threads. Each thread takes the next thing
/// that nobody has taken; a panic in one of them goes on in the caller.
pub fn map<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    things: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<R>>> = things.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        let threads = (0..jobs.get().min(things.len())).map(|_| {
            scope.spawn(|| {
                while let Some((at, thing)) = next_item(&next, things) {
                    let result = work(thing);
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
    done.filter_map(|one| one.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

fn next_item<'t, T>(next: &AtomicUsize, things: &'t [T]) -> Option<(usize, &'t T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    things.get(at).map(|thing| (at, thing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_input_order() {
        let things: Vec<u64> = (0..1_000).collect();
        for jobs in [1, 2, 8] {
            let jobs = NonZeroUsize::new(jobs).unwrap();
            let squares = map(jobs, &things, |one| one * one);
            assert!(
                squares
                    .iter()
                    .zip(&things)
                    .all(|(square, one)| *square == one * one)
            );
            assert_eq!(squares.len(), things.len());
        }
        assert!(map(NonZeroUsize::MIN, &[] as &[u64], |one| *one).is_empty());
    }

    #[test]
    #[should_panic(expected = "seven")]
    fn a_panic_resumes_in_the_caller() {
        let jobs = NonZeroUsize::new(2).unwrap();
        map(jobs, &[1, 7, 3], |one| assert!(*one != 7, "seven"));
    }
}
