//! Parses, runs, and ends with an exit code. A panic is a bug and says so.

use std::process::ExitCode;

use plimsoll::cli::{self, Exit};

fn main() -> ExitCode {
    std::panic::catch_unwind(cli::main)
        .unwrap_or(Exit::Bug)
        .into()
}
