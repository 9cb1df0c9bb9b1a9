//! Provides an ordered parallel map: the results have the order of the items, for any number of
//! threads. No other module names the thread pool.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

pub use rayon::ThreadPoolBuildError;
use rayon::prelude::*;

/// The threads that a map runs on.
#[derive(Debug, Clone, Copy)]
pub enum Threads {
    /// The threads of the current pool, for short work. Up to `sequential` items stay on the calling
    /// thread, because waking other threads would take longer than the work.
    Pool {
        /// The largest number of items that stay on the calling thread.
        sequential: usize,
    },
    /// So many threads of its own, for work that itself waits for a pool: a thread of a pool would
    /// begin the next item in the meantime.
    Own(NonZeroUsize),
}

impl From<NonZeroUsize> for Threads {
    fn from(jobs: NonZeroUsize) -> Self {
        Self::Own(jobs)
    }
}

/// Returns the number of threads that the system can run at once, at least 1.
pub fn available_threads() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Calls `work` with each of `items`, and returns the results in order.
///
/// # Panics
///
/// A panic of `work` resumes in the caller, after all threads have ended.
pub fn map<T: Send, R: Send>(
    threads: impl Into<Threads>,
    items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator + Send>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let items = items.into_iter();
    match threads.into() {
        Threads::Pool { sequential } if items.len() <= sequential => items.map(work).collect(),
        Threads::Pool { .. } => {
            let items: Vec<T> = items.collect();
            items.into_par_iter().map(&work).collect()
        }
        Threads::Own(jobs) => map_on_own_threads(jobs, items, &work),
    }
}

fn map_on_own_threads<T: Send, R: Send>(
    jobs: NonZeroUsize,
    items: impl ExactSizeIterator<Item = T> + Send,
    work: &(impl Fn(T) -> R + Sync),
) -> Vec<R> {
    let jobs = jobs.get().min(items.len());
    // Threads take the next item from a shared queue, so one slow item delays no other.
    let queue = Mutex::new(items.enumerate());
    let next_item = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work_off_queue = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next_item() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work_off_queue)).collect();
        let results = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        let results: Vec<_> = results.collect();
        let results = results
            .into_iter()
            .map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        results.flatten().collect()
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Maps chunks of at most `chunk` items on the threads of the current pool. A single chunk stays on
/// the calling thread.
pub fn map_chunks<T: Send, R: Send>(
    items: Vec<T>,
    chunk: usize,
    work: impl Fn(Vec<T>) -> R + Sync,
) -> Vec<R> {
    if items.is_empty() {
        Vec::new()
    } else if items.len() <= chunk {
        vec![work(items)]
    } else {
        items.into_par_iter().chunks(chunk).map(&work).collect()
    }
}

/// Does `work` with a pool of so many threads as the current one; `None` keeps the current pool.
///
/// # Errors
///
/// Fails if the system refuses the threads.
pub fn with_pool<R: Send>(
    jobs: Option<NonZeroUsize>,
    work: impl FnOnce() -> R + Send,
) -> Result<R, ThreadPoolBuildError> {
    let Some(jobs) = jobs else {
        return Ok(work());
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs.get());
    Ok(pool.build()?.install(work))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(count: usize) -> Threads {
        Threads::Own(NonZeroUsize::new(count).unwrap())
    }

    #[test]
    fn results_keep_the_input_order() {
        for count in [0, 1, 8, 9, 1_000] {
            let items: Vec<u64> = (0..count).collect();
            let doubled: Vec<u64> = (0..count).map(|number| 2 * number).collect();
            for threads in [Threads::Pool { sequential: 8 }, jobs(1), jobs(2), jobs(8)] {
                assert_eq!(map(threads, &items, |number| 2 * number), doubled);
                assert_eq!(map(threads, items.clone(), |number| 2 * number), doubled);
            }
            assert_eq!(map_chunks(items, 8, doubled_all).concat(), doubled);
        }
    }

    fn doubled_all(chunk: Vec<u64>) -> Vec<u64> {
        assert!((1..=8).contains(&chunk.len()));
        chunk.into_iter().map(|number| 2 * number).collect()
    }

    #[test]
    fn short_inputs_stay_on_the_calling_thread() {
        let here = std::thread::current().id();
        let short = Threads::Pool { sequential: 8 };
        let threads = map(short, vec![(); 8], |()| std::thread::current().id());
        assert!(threads.into_iter().all(|thread| thread == here));
    }

    #[test]
    #[should_panic(expected = "seven")]
    fn a_panic_resumes_in_the_caller() {
        map(jobs(2), &[1, 7, 3], |number| assert!(*number != 7, "seven"));
    }
}
