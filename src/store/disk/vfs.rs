//! What SQLite calls on a file system: names in, files out; and time, waiting and randomness,
//! none of which is the machine's.

#![expect(unsafe_code, reason = "SQLite calls a file system through C")]

use std::ffi::{CStr, c_char, c_int};
use std::sync::OnceLock;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ffi};

use super::faults::{Call, Fault};
use super::handle::{AccessMode, Handle, IfAbsent, IfPresent, OpenOptions};
use super::methods::{self, OpenFile};
use super::operation::NameSync;
use super::{SimulatedDisk, registry};

const NAME: &CStr = c"plimsoll-disk";
/// The longest name of a file, its end included.
const LONGEST_NAME: usize = 64;
/// 2000-01-01 00:00 UTC in milliseconds of SQLite's calendar, whose days begin at noon.
const NOW: ffi::sqlite3_int64 = 211_813_444_800_000;
const DAY: f64 = 86_400_000.0;

impl SimulatedDisk {
    /// From here on SQLite draws what it draws at random, such as the salts of logs, from `seed`:
    /// on every disk, and in files too. The same work after it gives the same bytes.
    pub fn seed_randomness(seed: u32) {
        // Zero would mean that the system's randomness decides again.
        let seed = (seed.max(1) & 0x7fff_ffff) as c_int;
        // SAFETY: the call sets a number and starts the generator anew, which it locks; it takes an
        // integer and a connection, for which null is allowed.
        unsafe {
            ffi::sqlite3_test_control(
                ffi::SQLITE_TESTCTRL_PRNG_SEED,
                seed,
                std::ptr::null_mut::<ffi::sqlite3>(),
            );
        }
    }

    /// Opens a connection to a database on this disk.
    pub(in crate::store) fn connect(
        &self,
        file: &str,
        flags: OpenFlags,
    ) -> rusqlite::Result<Connection> {
        register()?;
        let opened = Connection::open_with_flags_and_vfs(self.name_of(file), flags, NAME);
        // SQLite's words name the disk by its number, which differs from run to run.
        opened.map_err(|error| match error {
            rusqlite::Error::SqliteFailure(code, Some(_)) => {
                rusqlite::Error::SqliteFailure(code, Some(format!("cannot open `{file}`")))
            }
            other => other,
        })
    }
}

/// Makes the file system known to SQLite, once for the process.
fn register() -> rusqlite::Result<()> {
    static REGISTERED: OnceLock<c_int> = OnceLock::new();
    let code = *REGISTERED.get_or_init(|| {
        let vfs = Box::into_raw(Box::new(ffi::sqlite3_vfs {
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
        // SAFETY: SQLite keeps the pointer for as long as the process lives, and so do we: the
        // box is never freed.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) }
    });
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// A name that SQLite gives. None of ours is anything but ASCII.
///
/// # Safety
///
/// `name` must be a string that ends with a zero and lives for as long as is said.
unsafe fn text<'a>(name: *const c_char) -> &'a str {
    // SAFETY: the caller's word.
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default()
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    opened_as: *mut c_int,
) -> c_int {
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
    // SAFETY: SQLite gives room of the size that was registered, and a place for the flags or
    // null.
    unsafe {
        methods::init_file(file, handle);
        if !opened_as.is_null() {
            *opened_as = flags;
        }
    }
    code
}

/// What SQLite's flags ask for. As on Unix, the first sync of a journal or log that may have been
/// made just now syncs the folder too.
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
    // SAFETY: SQLite gives a string.
    let found = registry::find(unsafe { text(name) });
    let Some((disk, file)) = found else {
        return ffi::SQLITE_IOERR_DELETE_NOENT;
    };
    let mut files = disk.files_in_turn();
    match files.fault_injector.check_call(Call::Delete) {
        Ok(()) if files.delete(file, names) => ffi::SQLITE_OK,
        Ok(()) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(fault) => methods::code(Call::Delete, fault),
    }
}

/// As on Unix, a file that holds nothing does not exist for who asks whether it exists.
unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    question: c_int,
    yes: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a string.
    let found = registry::find(unsafe { text(name) });
    let asked = found.map_or(Ok(false), |(disk, file)| {
        let mut files = disk.files_in_turn();
        files.fault_injector.check_call(Call::Access)?;
        let found = files.find(file);
        let counts = |file| question != ffi::SQLITE_ACCESS_EXISTS || files.length(file) > 0;
        Ok(found.is_some_and(counts))
    });
    let may = match asked {
        Ok(may) => may,
        Err(fault) => return methods::code(Call::Access, fault),
    };
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *yes = c_int::from(may) };
    ffi::SQLITE_OK
}

/// Every name of ours is full.
unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a string, and `room` bytes that do not overlap it.
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

/// The same bytes for the same question.
unsafe extern "C" fn randomness(
    _vfs: *mut ffi::sqlite3_vfs,
    count: c_int,
    into: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives room for `count` bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), count as usize) };
    for (byte, at) in bytes.iter_mut().zip(0_u32..) {
        *byte = (at.wrapping_add(1).wrapping_mul(0x9e37_79b1) >> 24) as u8;
    }
    count
}

/// Does not wait, but lets others go on, and says that it waited as long as was asked.
unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    super::interleaving::sleep(Duration::from_micros(micros.max(0) as u64));
    micros
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, days: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *days = NOW as f64 / DAY };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_millis(
    _vfs: *mut ffi::sqlite3_vfs,
    millis: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *millis = NOW };
    ffi::SQLITE_OK
}

/// There is no machine whose errors could be told.
unsafe extern "C" fn last_error(
    _vfs: *mut ffi::sqlite3_vfs,
    _room: c_int,
    _into: *mut c_char,
) -> c_int {
    0
}
