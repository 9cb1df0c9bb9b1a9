//! Makes allocations of SQLite fail, counted over the whole process.
//!
//! SQLite allocates through a table of functions that can be replaced before its first use. The
//! functions here call the original ones, except for a request that is to fail.

#![expect(unsafe_code, reason = "SQLite allocates memory through C functions")]

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::ffi;

use super::faults::FaultDuration;

/// The functions of the original table that are replaced.
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

/// Counts SQLite's allocations and makes them fail. The count is of the whole process, so nothing
/// else in it may use SQLite meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Allocations(());

impl Allocations {
    /// Replaces SQLite's memory functions; `None` if SQLite was used before in this process.
    pub fn install() -> Option<Self> {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        INSTALLED.get_or_init(install_allocator).then_some(Self(()))
    }

    /// Counts allocations from 0 and fails one of them, or that one and all later ones; none if
    /// `fails` is `None`.
    pub fn arm(self, fails: Option<(u64, FaultDuration)>) {
        let (at, duration) = fails.unwrap_or((u64::MAX, FaultDuration::Once));
        FAIL_AT.store(at, Ordering::SeqCst);
        KEEP_FAILING.store(duration == FaultDuration::Always, Ordering::SeqCst);
        ALLOCATION_COUNT.store(0, Ordering::SeqCst);
        ARMED.store(true, Ordering::SeqCst);
    }

    /// Stops counting and failing; returns the number of allocations since [`Allocations::arm`].
    pub fn disarm(self) -> u64 {
        ARMED.store(false, Ordering::SeqCst);
        ALLOCATION_COUNT.load(Ordering::SeqCst)
    }
}

fn install_allocator() -> bool {
    let mut original = std::mem::MaybeUninit::<ffi::sqlite3_mem_methods>::zeroed();
    // SAFETY: the option takes a pointer to a table, which SQLite fills or leaves as it is.
    let read = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, original.as_mut_ptr()) };
    if read != ffi::SQLITE_OK {
        return false;
    }
    // SAFETY: SQLite has filled it, and zeros are a valid table too: its functions are optional.
    let original = unsafe { original.assume_init() };
    ORIGINAL.get_or_init(|| OriginalAllocator {
        malloc: original.xMalloc,
        realloc: original.xRealloc,
    });
    // `xFree` stays the original: all memory comes from the original allocator.
    let replaced = ffi::sqlite3_mem_methods {
        xMalloc: Some(malloc),
        xRealloc: Some(realloc),
        ..original
    };
    // SAFETY: SQLite copies the table, and refuses it after its initialization.
    let set = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const replaced) };
    set == ffi::SQLITE_OK
}

/// Counts an allocation and returns whether it fails.
fn should_fail() -> bool {
    if !ARMED.load(Ordering::SeqCst) {
        return false;
    }
    let number = ALLOCATION_COUNT.fetch_add(1, Ordering::SeqCst);
    let at = FAIL_AT.load(Ordering::SeqCst);
    number == at || number > at && KEEP_FAILING.load(Ordering::SeqCst)
}

unsafe extern "C" fn malloc(count: c_int) -> *mut c_void {
    match ORIGINAL.get().and_then(|original| original.malloc) {
        // SAFETY: SQLite would have called this function with the same argument.
        Some(malloc) if !should_fail() => unsafe { malloc(count) },
        _ => std::ptr::null_mut(),
    }
}

unsafe extern "C" fn realloc(old: *mut c_void, count: c_int) -> *mut c_void {
    match ORIGINAL.get().and_then(|original| original.realloc) {
        // SAFETY: SQLite would have called this function with the same arguments, and `old` is from
        // the original `malloc` or `realloc`.
        Some(realloc) if !should_fail() => unsafe { realloc(old, count) },
        _ => std::ptr::null_mut(),
    }
}
