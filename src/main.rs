//! Parses the arguments, runs the command and returns its exit code. A panic is reported as a bug,
//! with an exit code of its own.

use std::process::ExitCode;

use plimsoll::cli::{self, Exit};

/// Outputs are allocated on the computing threads and freed on the committing one. The system's
/// allocator takes locks for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    std::panic::catch_unwind(cli::main)
        .unwrap_or(Exit::Bug)
        .into()
}
