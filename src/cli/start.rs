//! From what was typed to how it went.

use clap::Parser;

use super::{Arguments, Exit, commands, logging, output};
use crate::capture::redact_passwords;

/// Reads what was typed, does it, and says how it went.
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refusal) => {
            let code = refusal.exit_code();
            // What was typed in the wrong place may be the address of a server.
            let said = refusal.to_string();
            let shown = redact_passwords(&said);
            if shown == said {
                // Nothing is left to tell somebody whose terminal is closed.
                let _ = refusal.print();
            } else {
                output::print_stderr(&shown);
            }
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
