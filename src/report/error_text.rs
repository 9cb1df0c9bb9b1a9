//! Words an error with its causes.

use std::error::Error;

/// Joins the messages of an error and its causes in one line.
pub fn error_with_causes(error: &dyn Error) -> String {
    join_causes(error, ": ")
}

/// Joins the messages of an error and its causes. Skips a message that the text already ends with,
/// since a transparent error repeats the text of its cause.
pub fn join_causes(error: &dyn Error, separator: &str) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.ends_with(&message) {
            text += separator;
            text += &message;
        }
        cause = error.source();
    }
    text
}
