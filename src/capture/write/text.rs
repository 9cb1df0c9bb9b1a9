//! Writes single TOML values and lists.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

/// Maximum width of a line with a list, in bytes; longer lists are wrapped.
pub(super) const MAX_LINE_WIDTH: usize = 100;

/// Writes a text as a basic TOML string.
pub(in crate::capture) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes a key, in quotes if it needs them.
pub(in crate::capture) fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !text.is_empty() && text.chars().all(bare) {
        true => text.to_owned(),
        false => quote(text),
    }
}

/// Writes an instant in RFC 3339 with the zone's offset.
pub(in crate::capture) fn instant(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Writes `key = [values]`, or `key = value` for a single value. Wraps a list that is too wide.
pub(in crate::capture) fn list(key: &str, values: &[String]) -> String {
    if let [value] = values {
        return format!("{key} = {value}");
    }
    let line = format!("{key} = [{}]", values.join(", "));
    if line.len() <= MAX_LINE_WIDTH {
        return line;
    }
    let mut lines = format!("{key} = [\n");
    let mut line = String::from("   ");
    for value in values {
        if line.len() + value.len() + 2 > MAX_LINE_WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("   ");
        }
        let _ = write!(line, " {value},");
    }
    lines.push_str(&line);
    lines.push_str("\n]");
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_round_trips() {
        for text in ["", "A", "O'Neil \"Growth\"", "a\\b\n\tc\r", "\u{7f}\u{1}é…"] {
            let table = format!("{} = {}", quote(text), quote(text));
            let read: toml::Table = table.parse().unwrap();
            assert_eq!(read[text].as_str(), Some(text));
            let read: toml::Table = format!("{} = 1", key(text)).parse().unwrap();
            assert!(read.contains_key(text));
        }
        assert_eq!(key("P-01"), "P-01");
    }

    #[test]
    fn long_list_is_wrapped_and_round_trips() {
        let values: Vec<_> = (0..40).map(|n| format!("\"P{n:03}\"")).collect();
        let text = list("portfolios", &values);
        assert!(text.lines().all(|line| line.len() <= MAX_LINE_WIDTH));
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["portfolios"].as_array().unwrap().len(), 40);
        assert_eq!(list("a", &["1".to_owned()]), "a = 1");
    }
}
