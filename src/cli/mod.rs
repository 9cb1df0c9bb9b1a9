//! The command line: arguments → settings → command → exit code.
//!
//! Each command has a file under `commands`. Data goes to standard output, everything else to
//! standard error. An error is printed with its causes and a hint.

mod alert_settings;
mod args;
mod commands;
mod configuration;
mod context;
mod diagnostics;
mod error;
mod exit;
mod hints;
mod input;
mod notifications;
mod output;
mod price_settings;
mod progress;
mod serve_settings;
mod start;
#[cfg(test)]
mod suggested_commands;

pub use exit::Exit;
pub use start::main;
