//! The command line: arguments → settings → command → exit code.
//!
//! One file a command, under `commands`. Data goes to standard output, everything else to
//! standard error; an error is said with its causes and a hint.

mod alert_settings;
mod args;
mod commands;
mod configuration;
mod context;
mod diagnostics;
mod error;
mod exit;
mod logging;
mod notifications;
mod output;
mod progress;
mod serve_settings;
mod start;

pub use args::{Arguments, Command};
pub use configuration::Configuration;
pub use context::{Context, GlobalArgs};
pub use error::{CliError, ConfigurationError};
pub use exit::Exit;
pub use start::main;
