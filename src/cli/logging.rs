//! Starts logging: plain lines on standard error. Runs log in the wording of the incident's job.

use tracing::Level;

use super::args::{Arguments, Command};

/// Starts logging at the level that the arguments and the command ask for.
pub(super) fn init(arguments: &Arguments) {
    let default = match arguments.command {
        // They provoke warnings on purpose and report them in their own output.
        Command::Scenario(_) | Command::Sim(_) | Command::Shrink(_) => Level::ERROR,
        _ => Level::WARN,
    };
    let level = match (arguments.global.quiet, arguments.global.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => default,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .init();
}
