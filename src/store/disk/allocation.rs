//! Memory that runs out: allocations of SQLite's that fail, counted over the whole process.
//!
//! SQLite asks for memory through functions that can be exchanged before its first use. Ours pass
//! each request on to those that were there, unless it is one that is to fail.

#![expect(unsafe_code, reason = "SQLite asks for memory through C")]

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::ffi;

use super::faults::FaultDuration;

/// The functions that were there before.
#[derive(Debug, Clone, Copy)]
struct OriginalAllocator {
    malloc: Option<unsafe extern "C" fn(c_int) -> *mut c_void>,
    realloc: Option<unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void>,
}

static ORIGINAL: OnceLock<OriginalAllocator> = OnceLock::new();

static ARMED: AtomicBool = AtomicBool::new(false);
static ALLOCATION_COUNT: AtomicU64 = AtomicU64::new(0);
static FAIL_AT: AtomicU64 = AtomicU64::new(u64::MAX);
static KEEP_FAILING: AtomicBool = AtomicBool::new(false);

/// Allocations that are counted and can be made to fail. While they are, nothing else in the
/// process should use SQLite.
#[derive(Debug, Clone, Copy)]
pub struct Allocations(());

impl Allocations {
    /// Begins to watch over SQLite's memory; nothing where SQLite is at work already.
    pub fn install() -> Option<Self> {
        static WATCHED: OnceLock<bool> = OnceLock::new();
        WATCHED.get_or_init(install_allocator).then_some(Self(()))
    }

    /// Counts allocations from 0 on, and lets one fail, or every one from then on.
    pub fn arm(self, fails: Option<(u64, FaultDuration)>) {
        let (at, lasting) = fails.unwrap_or((u64::MAX, FaultDuration::Once));
        FAIL_AT.store(at, Ordering::SeqCst);
        KEEP_FAILING.store(lasting == FaultDuration::Always, Ordering::SeqCst);
        ALLOCATION_COUNT.store(0, Ordering::SeqCst);
        ARMED.store(true, Ordering::SeqCst);
    }

    /// From here on none fails any more; how many there were.
    pub fn disarm(self) -> u64 {
        ARMED.store(false, Ordering::SeqCst);
        ALLOCATION_COUNT.load(Ordering::SeqCst)
    }
}

fn install_allocator() -> bool {
    let mut below = std::mem::MaybeUninit::<ffi::sqlite3_mem_methods>::zeroed();
    // SAFETY: SQLite fills the place with its functions, or says that it is too late.
    let asked = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, below.as_mut_ptr()) };
    if asked != ffi::SQLITE_OK {
        return false;
    }
    // SAFETY: SQLite has filled it; a table of functions that are null is one too.
    let below = unsafe { below.assume_init() };
    ORIGINAL.get_or_init(|| OriginalAllocator {
        malloc: below.xMalloc,
        realloc: below.xRealloc,
    });
    let ours = ffi::sqlite3_mem_methods {
        xMalloc: Some(malloc),
        xRealloc: Some(realloc),
        ..below
    };
    // SAFETY: SQLite copies the table, and refuses it once it is at work.
    let taken = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const ours) };
    taken == ffi::SQLITE_OK
}

/// Whether the next allocation fails.
fn should_fail() -> bool {
    if !ARMED.load(Ordering::SeqCst) {
        return false;
    }
    let number = ALLOCATION_COUNT.fetch_add(1, Ordering::SeqCst);
    let at = FAIL_AT.load(Ordering::SeqCst);
    number == at || number > at && KEEP_FAILING.load(Ordering::SeqCst)
}

unsafe extern "C" fn malloc(count: c_int) -> *mut c_void {
    match ORIGINAL.get().and_then(|below| below.malloc) {
        // SAFETY: what SQLite asks of us it would have asked of this function.
        Some(below) if !should_fail() => unsafe { below(count) },
        _ => std::ptr::null_mut(),
    }
}

unsafe extern "C" fn realloc(old: *mut c_void, count: c_int) -> *mut c_void {
    match ORIGINAL.get().and_then(|below| below.realloc) {
        // SAFETY: what SQLite asks of us it would have asked of this function, with memory that
        // came from the one beside it.
        Some(below) if !should_fail() => unsafe { below(old, count) },
        _ => std::ptr::null_mut(),
    }
}
