//! Parses, runs, and ends with an exit code. A panic is a bug and says so.

use std::process::ExitCode;

use plimsoll::cli::{self, Exit};

/// Outputs are made on some threads and given back on the one that commits, which the system's own
/// allocator makes them pay for with locks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    std::panic::catch_unwind(cli::main)
        .unwrap_or(Exit::Bug)
        .into()
}
