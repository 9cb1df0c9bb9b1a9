//! The command line: arguments → settings → command → exit code.
//!
//! One file a command, under `commands`. Data goes to standard output, everything else to
//! standard error; an error is said with its causes and a hint.

mod args;
mod commands;
mod configuration;
mod context;
mod error;
mod exit;
mod logging;
mod names;
mod output;
mod progress;
mod who;

pub use args::{Arguments, Command};
pub use configuration::Configuration;
pub use context::{Context, GlobalArgs};
pub use error::{CliError, ConfigurationError};
pub use exit::Exit;

use clap::Parser;

/// Reads what was typed, does it, and says how it went.
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refusal) => {
            let code = refusal.exit_code();
            // Nothing is left to tell somebody whose terminal is closed.
            let _ = refusal.print();
            return if code == 0 {
                Exit::Complete
            } else {
                Exit::Usage
            };
        }
    };
    logging::start(&arguments.global);
    match commands::execute(arguments) {
        Ok(exit) => exit,
        Err(error) => {
            output::say(&error.render());
            error.exit()
        }
    }
}
