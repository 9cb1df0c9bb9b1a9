//! The command line: arguments → settings → command → exit code.
//!
//! One file a command, under `commands`. Data goes to standard output, everything else to
//! standard error; an error is said with its causes and a hint.

mod alerting;
mod args;
mod commands;
mod configuration;
mod context;
mod error;
mod exit;
mod logging;
mod mistake;
mod output;
mod progress;
mod ringing;
mod serving;
mod start;

pub use args::{Arguments, Command};
pub use configuration::Configuration;
pub use context::{Context, GlobalArgs};
pub use error::{CliError, ConfigurationError};
pub use exit::Exit;
pub use start::main;
