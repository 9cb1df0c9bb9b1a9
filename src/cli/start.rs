//! Turns the typed arguments into an exit code: parses, starts logging, runs the command, prints its
//! error.

use clap::Parser;
use tracing::Level;

use super::args::{Arguments, Command};
use super::{commands, exit::Exit, output};
use crate::store::redact_passwords;

/// Parses the arguments of the process, runs the command and prints its error, if any.
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = error.exit_code();
            // Clap quotes arguments that it rejects, and one of them may be a database URL.
            let message = error.to_string();
            let redacted = redact_passwords(&message);
            if redacted == message {
                // If standard error is closed, the failure cannot be reported anywhere.
                let _ = error.print();
            } else {
                output::print_stderr(&redacted);
            }
            // Help and version arrive as errors with code 0.
            return if code == 0 {
                Exit::Complete
            } else {
                Exit::Usage
            };
        }
    };
    start_logging(&arguments);
    match commands::execute(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            output::print_stderr(&error.render());
            error.exit_code()
        }
    }
}

/// Starts logging on standard error, in plain lines, at the level that the arguments and the command
/// ask for.
fn start_logging(arguments: &Arguments) {
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
