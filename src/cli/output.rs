//! Prints a command's output: data to standard output, everything else to standard error.

use std::io::{self, Write};

use serde::Serialize;

use super::error::CliError;

/// The form of a command's data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Text for people, coloured on a terminal.
    Text,
    /// JSON for programs, never coloured.
    Json,
}

/// Prints text, and adds a newline if it does not end with one.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    write_line(&mut out, text)
}

/// Prints a value as indented JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    let mut out = io::stdout().lock();
    write_line(&mut out, &text)
}

/// Prints to standard error, with the newline of [`print()`].
pub(super) fn print_stderr(text: &str) {
    let mut out = anstream::stderr().lock();
    // If standard error is closed, the failure cannot be reported anywhere.
    let _ = write_line(&mut out, text);
}

/// Writes text and a newline. A reader that closed the pipe (`| head`) is not an error.
fn write_line(out: &mut impl Write, text: &str) -> Result<(), CliError> {
    let ending = if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    };
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(ending.as_bytes()))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
