//! What SQLite calls on an open file. Each function turns C's pointers and numbers into what
//! [`Handle`] takes, and does nothing else.
//!
//! SQLite keeps the rules that these functions lean on: it passes a file only after
//! [`init_file`] was called for it and not after [`close`], calls one method of a file at a time, and
//! gives buffers that hold as many bytes as it says.

#![expect(unsafe_code, reason = "SQLite calls a file system through C")]

use std::ffi::{c_int, c_void};
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi;

use super::content::ReadOutcome;
use super::faults::{Call, Fault};
use super::handle::{Handle, IfAbsent};
use super::locks::Level;
use super::memory::SlotLock;

/// What SQLite keeps of an open file. It sees the first field; the second one is ours.
#[repr(C)]
pub(super) struct OpenFile {
    seen: ffi::sqlite3_file,
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

/// Fills the room that SQLite gave for an open file; without a handle it is none, and SQLite
/// won't close it.
///
/// # Safety
///
/// `file` must point to room for an [`OpenFile`] that is not in use.
pub(super) unsafe fn init_file(file: *mut ffi::sqlite3_file, handle: Result<Handle, Fault>) {
    let placed = match handle {
        Ok(handle) => OpenFile {
            seen: ffi::sqlite3_file { pMethods: &METHODS },
            handle: Box::into_raw(Box::new(handle)),
        },
        Err(_) => OpenFile {
            seen: ffi::sqlite3_file {
                pMethods: std::ptr::null(),
            },
            handle: std::ptr::null_mut(),
        },
    };
    // SAFETY: the caller gives room for an `OpenFile`, which SQLite aligns to eight bytes.
    unsafe { file.cast::<OpenFile>().write(placed) };
}

/// The handle of an open file.
///
/// # Safety
///
/// `file` must have been given a handle by [`init_file`], not be closed, and be used by no other call
/// while the reference lives.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: `place` put an `OpenFile` there whose handle came from a box, and by the caller's
    // word nobody has freed it or refers to it.
    unsafe { &mut *(*file.cast::<OpenFile>()).handle }
}

/// What SQLite is told of a call.
const fn answer(call: Call, done: Result<(), Fault>) -> c_int {
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(fault) => code(call, fault),
    }
}

/// How SQLite calls what went wrong with a call.
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
        },
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, and `place` made the handle from a box.
    unsafe { drop(Box::from_raw((*file.cast::<OpenFile>()).handle)) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open, and SQLite gives a buffer of `count` bytes of its own.
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
    // SAFETY: the file is open, and SQLite gives `count` bytes that it does not change meanwhile.
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
            // SAFETY: SQLite gives a place for the answer.
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
    // SAFETY: the file is open, and SQLite gives a place for the answer.
    unsafe { *reserved = c_int::from(handle(file).is_reserved()) };
    ffi::SQLITE_OK
}

/// There is no control that this file system knows.
unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _control: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

/// As on Unix, so that SQLite does there and here the same.
unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As on Unix: a write that is cut off harms no bytes beside those that it writes.
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
    // SAFETY: the file is open. What SQLite writes to the region stays within `size`, and it lets
    // go of it by `shm_unmap` or `close`.
    let found = unsafe { handle(file) }.map(which as usize, size as usize, absent);
    let mapped = found.ok().flatten().unwrap_or(std::ptr::null_mut());
    // SAFETY: SQLite gives a place for the answer.
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
    let mask = ((1_u16 << count) - 1) << first;
    // SAFETY: the file is open.
    let done = unsafe { handle(file) }.lock_memory(mask, hold);
    answer(Call::MapLock, done)
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe { handle(file) }.unmap();
    ffi::SQLITE_OK
}
