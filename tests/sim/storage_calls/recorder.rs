//! An SQLite file system that passes each call on to another one, and records the calls of the
//! folders that are watched.

#![expect(unsafe_code, reason = "SQLite calls a file system through C")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr::null_mut;

use rusqlite::ffi;

use super::watched_folders::{count_opening, record};

fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

/// Records the calls to the default file system from now on.
pub(super) fn record_default() {
    // SAFETY: null names the default file system, and there is one.
    unsafe { take_place(ffi::sqlite3_vfs_find(std::ptr::null()), true) }
}

/// Records the calls to a file system from now on.
pub(super) fn record_named(name: &CStr) {
    // SAFETY: SQLite reads the name during the call.
    unsafe { take_place(ffi::sqlite3_vfs_find(name.as_ptr()), false) }
}

/// Registers a recorder under the name of a file system, then takes that out of SQLite's list: no
/// moment is without the name.
///
/// # Safety
///
/// `inner` must be null or a registered file system, whose memory is never freed.
unsafe fn take_place(inner: *mut ffi::sqlite3_vfs, is_default: bool) {
    assert!(!inner.is_null(), "the file system is not registered");
    // SAFETY: `inner` is a file system. SQLite keeps the box, which is never freed.
    unsafe {
        let recorder = Box::into_raw(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<RecordedFile>() as c_int + (*inner).szOsFile,
            mxPathname: (*inner).mxPathname,
            pNext: null_mut(),
            zName: (*inner).zName,
            pAppData: inner.cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_millis),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        let code = ffi::sqlite3_vfs_register(recorder, c_int::from(is_default));
        assert_eq!(code, ffi::SQLITE_OK);
        assert_eq!(ffi::sqlite3_vfs_unregister(inner), ffi::SQLITE_OK);
    }
}

/// An open file. The memory of the other file system's file follows it.
#[repr(C)]
struct RecordedFile {
    base: ffi::sqlite3_file,
    /// Its folder, and its name with the number of the opening.
    name: *mut (String, String),
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

/// Passes a call of a file system on.
macro_rules! pass {
    ($vfs:expr, $method:ident, $($argument:expr),*) => {{
        // SAFETY: the arguments are SQLite's own, and the other file system stays registered.
        unsafe {
            let inner: *mut ffi::sqlite3_vfs = (*$vfs).pAppData.cast();
            (*inner).$method.expect("a method")(inner, $($argument),*)
        }
    }};
}

/// Passes a call of a file on.
macro_rules! pass_file {
    ($file:expr, $method:ident, $($argument:expr),*) => {{
        // SAFETY: the arguments are SQLite's own, and the file is open.
        unsafe {
            let inner = inner($file);
            (*(*inner).pMethods).$method.expect("a method")(inner, $($argument),*)
        }
    }};
}

/// Returns the file of the other file system.
unsafe fn inner(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocated both, as `szOsFile` says.
    unsafe { file.cast::<RecordedFile>().add(1).cast() }
}

fn record_file(file: *mut ffi::sqlite3_file, call: &str, code: c_int) {
    // SAFETY: the file is open, so it has a name.
    let (folder, name) = unsafe { &*(*file.cast::<RecordedFile>()).name };
    record(folder, with_code(format!("{call} {name}"), code));
}

fn with_code(call: String, code: c_int) -> String {
    match code {
        ffi::SQLITE_OK => call,
        code => format!("{call} = {code}"),
    }
}

unsafe fn text(name: *const c_char) -> String {
    if name.is_null() {
        return "/temporary".to_owned();
    }
    // SAFETY: SQLite passes a string.
    unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned()
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    opened_as: *mut c_int,
) -> c_int {
    // SAFETY: as `inner`.
    let opened = unsafe { inner(file) };
    let code = pass!(vfs, xOpen, name, opened, flags, opened_as);
    // SAFETY: SQLite passes a string or null, and memory of the registered size.
    unsafe {
        let path = text(name);
        let (folder, short) = split(&path);
        let short = format!("{short}#{}", count_opening(folder));
        record(folder, with_code(format!("open {short} {flags:#x}"), code));
        let is_open = !(*opened).pMethods.is_null();
        let name = Box::into_raw(Box::new((folder.to_owned(), short)));
        file.cast::<RecordedFile>().write(RecordedFile {
            base: ffi::sqlite3_file {
                pMethods: if is_open { &METHODS } else { std::ptr::null() },
            },
            name: if is_open { name } else { null_mut() },
        });
        if !is_open {
            drop(Box::from_raw(name));
        }
    }
    code
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let code = pass!(vfs, xDelete, name, sync_folder);
    // SAFETY: SQLite passes a string.
    let path = unsafe { text(name) };
    let (folder, short) = split(&path);
    record(
        folder,
        with_code(format!("delete {short} {sync_folder}"), code),
    );
    code
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    query: c_int,
    result: *mut c_int,
) -> c_int {
    let code = pass!(vfs, xAccess, name, query, result);
    // SAFETY: SQLite passes a string and a place for the result.
    let (path, answer) = unsafe { (text(name), *result) };
    let (folder, short) = split(&path);
    let call = format!("access {short} {query}: {answer}");
    record(folder, with_code(call, code));
    code
}

unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    full: *mut c_char,
) -> c_int {
    pass!(vfs, xFullPathname, name, room, full)
}

unsafe extern "C" fn randomness(
    vfs: *mut ffi::sqlite3_vfs,
    count: c_int,
    into: *mut c_char,
) -> c_int {
    pass!(vfs, xRandomness, count, into)
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    pass!(vfs, xSleep, micros)
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    pass!(vfs, xCurrentTime, days)
}

unsafe extern "C" fn current_time_millis(
    vfs: *mut ffi::sqlite3_vfs,
    millis: *mut ffi::sqlite3_int64,
) -> c_int {
    pass!(vfs, xCurrentTimeInt64, millis)
}

unsafe extern "C" fn last_error(
    vfs: *mut ffi::sqlite3_vfs,
    room: c_int,
    into: *mut c_char,
) -> c_int {
    pass!(vfs, xGetLastError, room, into)
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let code = pass_file!(file, xClose,);
    record_file(file, "close", code);
    // SAFETY: SQLite closes a file once, and `open` made the name from a box.
    unsafe { drop(Box::from_raw((*file.cast::<RecordedFile>()).name)) };
    code
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let code = pass_file!(file, xRead, into, count, at);
    record_file(file, &format!("read {count} at {at} of"), code);
    code
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let code = pass_file!(file, xWrite, from, count, at);
    record_file(file, &format!("write {count} at {at} of"), code);
    code
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    let code = pass_file!(file, xTruncate, length);
    record_file(file, &format!("truncate to {length}"), code);
    code
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let code = pass_file!(file, xSync, flags);
    record_file(file, &format!("sync {flags:#x}"), code);
    code
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    length: *mut ffi::sqlite3_int64,
) -> c_int {
    let code = pass_file!(file, xFileSize, length);
    // SAFETY: SQLite passes a place for the length.
    record_file(file, &format!("size {} of", unsafe { *length }), code);
    code
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let code = pass_file!(file, xLock, level);
    record_file(file, &format!("lock {level}"), code);
    code
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let code = pass_file!(file, xUnlock, level);
    record_file(file, &format!("unlock {level}"), code);
    code
}

unsafe extern "C" fn check_reserved_lock(
    file: *mut ffi::sqlite3_file,
    reserved: *mut c_int,
) -> c_int {
    let code = pass_file!(file, xCheckReservedLock, reserved);
    record_file(file, "is reserved", code);
    code
}

/// Not recorded: the simulated disk supports none, and none of those that SQLite sends for itself
/// changes a file.
unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    control: c_int,
    argument: *mut c_void,
) -> c_int {
    pass_file!(file, xFileControl, control, argument)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    let size = pass_file!(file, xSectorSize,);
    record_file(file, &format!("sector size {size}"), ffi::SQLITE_OK);
    size
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    let found = pass_file!(file, xDeviceCharacteristics,);
    record_file(file, &format!("device {found:#x}"), ffi::SQLITE_OK);
    found
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    which: c_int,
    size: c_int,
    extend: c_int,
    region: *mut *mut c_void,
) -> c_int {
    let code = pass_file!(file, xShmMap, which, size, extend, region);
    record_file(file, &format!("map {which} {size} {extend}"), code);
    code
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let code = pass_file!(file, xShmLock, first, count, flags);
    record_file(file, &format!("map lock {first} {count} {flags:#x}"), code);
    code
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    pass_file!(file, xShmBarrier,);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    let code = pass_file!(file, xShmUnmap, delete);
    record_file(file, &format!("unmap {delete}"), code);
    code
}
