//! The functions that SQLite calls on an open file. Each converts C's pointers and numbers into the
//! arguments of a method of [`Handle`] and does nothing else.
//!
//! The functions rely on rules that SQLite keeps: it passes a file only between [`init_file`] and
//! [`close`], calls one method of a file at a time, and passes buffers of the size that it states.

#![expect(unsafe_code, reason = "SQLite calls a file system through C")]

use std::ffi::{c_int, c_void};
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi;

use super::content::ReadOutcome;
use super::faults::{Call, Fault};
use super::handle::{Handle, IfAbsent};
use super::locks::Level;
use super::memory::SlotLock;

/// The memory that SQLite allocates for an open file. SQLite uses the first field only, which must
/// therefore come first.
#[repr(C)]
pub(super) struct OpenFile {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Initialises the memory that SQLite allocated for an open file. Without a handle the methods are
/// null, and SQLite does not call [`close`].
///
/// # Safety
///
/// `file` must point to memory for an [`OpenFile`] that is not in use.
pub(super) unsafe fn init_file(file: *mut ffi::sqlite3_file, handle: Result<Handle, Fault>) {
    let open_file = match handle {
        Ok(handle) => OpenFile {
            base: ffi::sqlite3_file { pMethods: &METHODS },
            handle: Box::into_raw(Box::new(handle)),
        },
        Err(_) => OpenFile {
            base: ffi::sqlite3_file {
                pMethods: std::ptr::null(),
            },
            handle: std::ptr::null_mut(),
        },
    };
    // SAFETY: the caller passes memory for an `OpenFile`, which SQLite aligns to eight bytes.
    unsafe { file.cast::<OpenFile>().write(open_file) };
}

/// Returns the handle of an open file.
///
/// # Safety
///
/// `file` must have been given a handle by [`init_file`], not be closed, and be used by no other
/// call while the reference lives.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: `init_file` wrote an `OpenFile` there whose handle came from a box. By the contract
    // of this function it is neither freed nor borrowed.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

/// Returns the result code of a call.
const fn answer(call: Call, done: Result<(), Fault>) -> c_int {
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(fault) => code(call, fault),
    }
}

/// Returns SQLite's code for a fault of a call.
pub(super) const fn code(call: Call, fault: Fault) -> c_int {
    match (fault, call) {
        (Fault::Full | Fault::ShortWrite | Fault::Quota, _) => ffi::SQLITE_FULL,
        (Fault::CannotOpen, _) | (Fault::Io, Call::Open) => ffi::SQLITE_CANTOPEN,
        (Fault::ReadOnly, _) => ffi::SQLITE_READONLY,
        (Fault::Busy, _) => ffi::SQLITE_BUSY,
        (Fault::Io | Fault::Dropped, call) => match call {
            Call::Read => ffi::SQLITE_IOERR_READ,
            Call::Open | Call::Write | Call::Grow => ffi::SQLITE_IOERR_WRITE,
            Call::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Call::Sync => ffi::SQLITE_IOERR_FSYNC,
            Call::Size => ffi::SQLITE_IOERR_FSTAT,
            Call::Lock => ffi::SQLITE_IOERR_LOCK,
            Call::Map => ffi::SQLITE_IOERR_SHMMAP,
            Call::MapLock => ffi::SQLITE_IOERR_SHMLOCK,
            Call::Delete => ffi::SQLITE_IOERR_DELETE,
            Call::Access => ffi::SQLITE_IOERR_ACCESS,
            Call::CommitEnd => ffi::SQLITE_IOERR_COMMIT_ATOMIC,
        },
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, and `init_file` made the handle from a box.
    unsafe { drop(Box::from_raw((*file.cast::<OpenFile>()).handle)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open, and SQLite passes a buffer of `count` bytes that it does not
    // use meanwhile.
    let (handle, into) = unsafe {
        let into = into.cast::<u8>();
        (
            handle(file),
            std::slice::from_raw_parts_mut(into, count as usize),
        )
    };
    match handle.read(at as usize, into) {
        Ok(ReadOutcome::All) => ffi::SQLITE_OK,
        Ok(ReadOutcome::Short) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(fault) => code(Call::Read, fault),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open, and SQLite passes `count` bytes that it does not change meanwhile.
    let (handle, bytes) = unsafe {
        let from = from.cast::<u8>();
        (
            handle(file),
            std::slice::from_raw_parts(from, count as usize),
        )
    };
    answer(Call::Write, handle.write(at as usize, bytes))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    let done = unsafe { handle(file) }.truncate(length as usize);
    answer(Call::Truncate, done)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: the file is open.
    answer(Call::Sync, unsafe { handle(file) }.sync())
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    length: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open.
    match unsafe { handle(file) }.length() {
        Ok(found) => {
            // SAFETY: SQLite passes a valid place for the result.
            unsafe { *length = found as ffi::sqlite3_int64 };
            ffi::SQLITE_OK
        }
        Err(fault) => code(Call::Size, fault),
    }
}

const fn level(lock: c_int) -> Level {
    match lock {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the file is open.
    answer(Call::Lock, unsafe { handle(file) }.lock(level(wanted)))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.unlock(level(wanted));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(
    file: *mut ffi::sqlite3_file,
    reserved: *mut c_int,
) -> c_int {
    // SAFETY: the file is open, and SQLite passes a valid place for the result.
    unsafe { *reserved = c_int::from(handle(file).is_reserved()) };
    ffi::SQLITE_OK
}

/// No file control is supported; SQLite then does without. The one at the end of a commit can fail:
/// the commit then returns an error although it took effect.
unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    control: c_int,
    _argument: *mut c_void,
) -> c_int {
    match control {
        // SAFETY: the file is open.
        ffi::SQLITE_FCNTL_COMMIT_PHASETWO => match unsafe { handle(file) }.end_commit() {
            Ok(()) => ffi::SQLITE_NOTFOUND,
            Err(fault) => code(Call::CommitEnd, fault),
        },
        _ => ffi::SQLITE_NOTFOUND,
    }
}

/// As on Unix, so that SQLite lays out journals in the same way.
unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As on Unix: an interrupted write damages no bytes beside those that it writes.
unsafe extern "C" fn device_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE | ffi::SQLITE_IOCAP_SUBPAGE_READ
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    which: c_int,
    size: c_int,
    extend: c_int,
    region: *mut *mut c_void,
) -> c_int {
    let absent = if extend == 0 {
        IfAbsent::Refuse
    } else {
        IfAbsent::Create
    };
    // SAFETY: the file is open. SQLite stays within `size` bytes of the region and does not use it
    // after `shm_unmap` or `close`.
    let found = unsafe { handle(file) }.map(which as usize, size as usize, absent);
    // Null with `SQLITE_OK` tells SQLite that the region does not exist.
    let mapped = found.ok().flatten().unwrap_or(std::ptr::null_mut());
    // SAFETY: SQLite passes a valid place for the result.
    unsafe { *region = mapped };
    answer(Call::Map, found.map(drop))
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let hold = if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        SlotLock::Released
    } else if flags & ffi::SQLITE_SHM_SHARED != 0 {
        SlotLock::Shared
    } else {
        SlotLock::Exclusive
    };
    // SQLite passes at most eight slots, so the shift does not overflow.
    let mask = ((1_u16 << count) - 1) << first;
    // SAFETY: the file is open.
    let done = unsafe { handle(file) }.lock_memory(mask, hold);
    answer(Call::MapLock, done)
}

/// Orders the reads and writes of the shared memory, which SQLite makes without atomics.
unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.unmap();
    ffi::SQLITE_OK
}
