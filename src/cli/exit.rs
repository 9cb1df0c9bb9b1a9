//! Exit codes, which scripts rely on. `docs/command-line.md` has the table.

use std::process::ExitCode;

/// The result of a command, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All cells are complete, or there was nothing to do.
    Complete,
    /// Some cells failed, are blocked or quarantined, or a verification failed.
    Incomplete,
    /// The arguments are invalid.
    Usage,
    /// Refused before any work: invalid configuration, file or scope, a changed plan, too many
    /// cells.
    Refused,
    /// Another run holds the lease, or sources kept changing.
    Busy,
    /// The database cannot be opened, read or written.
    Store,
    /// The program panicked, which is a bug.
    Bug,
}

impl Exit {
    /// Returns the exit of a command whose result is complete or not.
    pub(super) const fn complete_if(is_complete: bool) -> Self {
        match is_complete {
            true => Self::Complete,
            false => Self::Incomplete,
        }
    }

    /// Returns the number that the process exits with.
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
