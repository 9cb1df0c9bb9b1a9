//! The functions that SQLite calls on a file system: open, delete and access by name, and time,
//! sleep and randomness, none of which comes from the machine.

#![expect(unsafe_code, reason = "SQLite calls a file system through C")]

use std::ffi::{CStr, c_char, c_int};
use std::sync::OnceLock;
use std::time::Duration;

use rusqlite::ffi;

use super::faults::{Call, Fault};
use super::handle::{AccessMode, Handle, IfAbsent, IfPresent, OpenOptions};
use super::methods::{self, OpenFile};
use super::operation::NameSync;
use super::registry;
use super::simulated::SimulatedDisk;

const NAME: &CStr = c"plimsoll-disk";
/// Longest name of a file, in bytes, with the zero at its end.
const LONGEST_NAME: usize = 64;
/// 2000-01-01 00:00 UTC as a Julian day in milliseconds, the unit of SQLite; such days begin at
/// noon.
const NOW: ffi::sqlite3_int64 = 211_813_444_800_000;
const DAY: f64 = 86_400_000.0;

impl SimulatedDisk {
    /// Seeds SQLite's generator, from which it takes for example the salts of logs. It is one for
    /// the process, so this concerns files too. Equal work after equal seeds gives equal bytes.
    pub fn seed_randomness(seed: u32) {
        // Zero would seed the generator from the file system again.
        let seed = (seed.max(1) & 0x7fff_ffff) as c_int;
        // SAFETY: the call sets a number and resets the generator under its lock. It takes an
        // integer and a connection, which may be null.
        unsafe {
            ffi::sqlite3_test_control(
                ffi::SQLITE_TESTCTRL_PRNG_SEED,
                seed,
                std::ptr::null_mut::<ffi::sqlite3>(),
            );
        }
    }
}

/// Registers the file system with SQLite, once for the process, and returns its name. If SQLite
/// refuses, it knows no file system of this name, and opening a file fails.
pub(super) fn registered_name() -> &'static CStr {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        let vfs = Box::into_raw(Box::new(ffi::sqlite3_vfs {
            // Version 2 has `xCurrentTimeInt64`; the fields of version 3 are for tests of SQLite.
            iVersion: 2,
            szOsFile: size_of::<OpenFile>() as c_int,
            mxPathname: LONGEST_NAME as c_int,
            pNext: std::ptr::null_mut(),
            zName: NAME.as_ptr(),
            pAppData: std::ptr::null_mut(),
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
        // SAFETY: SQLite keeps the pointer until the process ends, and the box is never freed. The
        // 0 keeps the default file system as it is.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) }
    });
    NAME
}

/// Returns a name that SQLite passes. All names of simulated disks are ASCII.
///
/// # Safety
///
/// `name` must be a string that ends with a zero and lives for `'a`.
unsafe fn text<'a>(name: *const c_char) -> &'a str {
    // SAFETY: the contract of this function.
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default()
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    opened_as: *mut c_int,
) -> c_int {
    // SQLite passes no name for temporary files, which it deletes on close.
    let handle = if name.is_null() {
        Handle::open_temporary()
    } else {
        // SAFETY: a name that is not null is a string, which lives until the file is closed.
        let found = registry::find(unsafe { text(name) });
        match found {
            Some((disk, file)) => Handle::open(disk, file, open_options(flags)),
            None => Err(Fault::CannotOpen),
        }
    };
    let code = match &handle {
        Ok(_) => ffi::SQLITE_OK,
        Err(fault) => methods::code(Call::Open, *fault),
    };
    // SAFETY: SQLite passes memory of the registered size, and a place for the flags or null. The
    // file is initialised on failure too: SQLite closes it unless its methods are null.
    unsafe {
        methods::init_file(file, handle);
        if !opened_as.is_null() {
            *opened_as = flags;
        }
    }
    code
}

/// Converts SQLite's flags. As on Unix, the first sync of a journal or log that may be new also
/// syncs the folder.
const fn open_options(flags: c_int) -> OpenOptions {
    const JOURNALS: c_int =
        ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;
    let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
    OpenOptions {
        if_absent: if creates {
            IfAbsent::Create
        } else {
            IfAbsent::Refuse
        },
        if_present: if flags & ffi::SQLITE_OPEN_EXCLUSIVE != 0 {
            IfPresent::Refuse
        } else {
            IfPresent::Open
        },
        access: if flags & ffi::SQLITE_OPEN_READONLY != 0 {
            AccessMode::ReadOnly
        } else {
            AccessMode::ReadWrite
        },
        name_sync: if creates && flags & JOURNALS != 0 {
            NameSync::Synced
        } else {
            NameSync::Pending
        },
    }
}

unsafe extern "C" fn delete(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    let names = if sync_folder == 0 {
        NameSync::Pending
    } else {
        NameSync::Synced
    };
    // SAFETY: SQLite passes a string.
    let found = registry::find(unsafe { text(name) });
    let Some((disk, file)) = found else {
        // SQLite accepts this code: the file is gone either way.
        return ffi::SQLITE_IOERR_DELETE_NOENT;
    };
    let mut files = disk.files_in_turn();
    match files.fault_injector.check_call(Call::Delete) {
        Ok(()) if files.delete(file, names) => ffi::SQLITE_OK,
        Ok(()) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(fault) => methods::code(Call::Delete, fault),
    }
}

/// As on Unix, a query whether a file exists returns false for an empty one: an empty journal needs
/// no recovery.
unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    query: c_int,
    result: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes a string.
    let found = registry::find(unsafe { text(name) });
    let answer = found.map_or(Ok(false), |(disk, file)| {
        let mut files = disk.files_in_turn();
        files.fault_injector.check_call(Call::Access)?;
        let found = files.find(file);
        let exists = |file| query != ffi::SQLITE_ACCESS_EXISTS || files.length(file) > 0;
        Ok(found.is_some_and(exists))
    });
    let accessible = match answer {
        Ok(accessible) => accessible,
        Err(fault) => return methods::code(Call::Access, fault),
    };
    // SAFETY: SQLite passes a valid place for the result.
    unsafe { *result = c_int::from(accessible) };
    ffi::SQLITE_OK
}

/// Copies the name: names of simulated disks are full already.
unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a string, and `room` bytes that do not overlap it.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > room as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        full.cast::<u8>()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
    }
    ffi::SQLITE_OK
}

/// Returns the same bytes at each call, so that runs repeat. SQLite seeds its generator from them
/// unless [`SimulatedDisk::seed_randomness`] was called.
unsafe extern "C" fn randomness(
    _vfs: *mut ffi::sqlite3_vfs,
    count: c_int,
    into: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes memory for `count` bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), count as usize) };
    for (byte, at) in bytes.iter_mut().zip(0_u32..) {
        *byte = (at.wrapping_add(1).wrapping_mul(0x9e37_79b1) >> 24) as u8;
    }
    count
}

/// Lets other threads continue instead of waiting, and reports the full time as waited.
unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    super::interleaving::sleep(Duration::from_micros(micros.max(0) as u64));
    micros
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: SQLite passes a valid place for the result.
    unsafe { *days = NOW as f64 / DAY };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_millis(
    _vfs: *mut ffi::sqlite3_vfs,
    millis: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite passes a valid place for the result.
    unsafe { *millis = NOW };
    ffi::SQLITE_OK
}

/// No error of the operating system is behind a fault here.
unsafe extern "C" fn last_error(
    _vfs: *mut ffi::sqlite3_vfs,
    _room: c_int,
    _into: *mut c_char,
) -> c_int {
    0
}
