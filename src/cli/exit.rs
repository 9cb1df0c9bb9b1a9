//! Exit codes: a promise to scripts. The table stands in `docs/command-line.md`.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Complete, or nothing to do.
    Complete,
    /// Some cells failed, are blocked or quarantined, or a verification did not hold.
    Incomplete,
    /// Wrong usage.
    Usage,
    /// Refused: bad configuration, file or scope, a changed plan, too many cells.
    Refused,
    /// Another run holds the lease.
    Busy,
    /// The store cannot be opened, read or written.
    Store,
    /// A bug.
    Bug,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Incomplete => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Busy => 4,
            Self::Store => 5,
            Self::Bug => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
