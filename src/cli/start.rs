//! Turns the typed arguments into an exit code: parses, runs the command, prints its error.

use clap::Parser;

use super::{args::Arguments, commands, exit::Exit, logging, output};
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
    logging::init(&arguments);
    match commands::execute(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            output::print_stderr(&error.render());
            error.exit_code()
        }
    }
}
