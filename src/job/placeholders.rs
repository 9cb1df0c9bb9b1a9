//! Replaces placeholders such as `{target}` in arguments, environment variables and values.

use crate::domain::nearest;

/// The values of placeholders, by name.
pub(super) type Values<'v> = [(&'static str, &'v str)];

/// The text has a placeholder that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownPlaceholder {
    pub(super) name: String,
    pub(super) nearest: Option<String>,
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Text(&'t str),
    Placeholder(&'t str),
}

/// Splits a text. Braces around anything but lower-case letters and `_` are text, so that JSON can
/// be an argument.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        let end = text[open + 1..].find(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        let end = end.map_or(text.len(), |at| open + 1 + at);
        if end > open + 1 && text[end..].starts_with('}') {
            parts.push(Part::Text(&text[start..open]));
            parts.push(Part::Placeholder(&text[open + 1..end]));
            start = end + 1;
            from = start;
        } else {
            from = open + 1;
        }
    }
    parts.push(Part::Text(&text[start..]));
    parts.retain(|part| *part != Part::Text(""));
    parts
}

/// Checks that all placeholders of a text are among `known`.
pub(super) fn check(text: &str, known: &[&'static str]) -> Result<(), UnknownPlaceholder> {
    for part in parts(text) {
        if let Part::Placeholder(name) = part
            && !known.contains(&name)
        {
            return Err(UnknownPlaceholder {
                name: name.to_owned(),
                nearest: nearest(name, known.iter().copied()),
            });
        }
    }
    Ok(())
}

/// Returns whether a text has a placeholder.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    parts(text).contains(&Part::Placeholder(name))
}

/// Replaces all placeholders; `quote` makes each value safe at its place. Unknown ones stay: they
/// were refused when the file was read.
pub(super) fn replace(text: &str, values: &Values<'_>, quote: impl Fn(&str) -> String) -> String {
    let mut replaced = String::new();
    for part in parts(text) {
        match part {
            Part::Text(text) => replaced += text,
            Part::Placeholder(name) => match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => replaced += &quote(value),
                None => replaced += &format!("{{{name}}}"),
            },
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_and_other_braces_stay() {
        let values = [("day", "2026-01-08"), ("path", "a b")];
        let plain = |text: &str| replace(text, &values, str::to_owned);
        assert_eq!(plain("--target={day}"), "--target=2026-01-08");
        assert_eq!(plain("{\"day\": \"{day}\"}"), "{\"day\": \"2026-01-08\"}");
        assert_eq!(plain("{} {A} { {day} {path}{"), "{} {A} { 2026-01-08 a b{");
        let quoted = replace("cat {path}", &values, |value| format!("'{value}'"));
        assert_eq!(quoted, "cat 'a b'");
        assert!(mentions("x{day}", "day") && !mentions("{days}", "day"));
    }

    #[test]
    fn unknown_placeholders_are_found_with_the_nearest_known_one() {
        let unknown = check("{targt}", &["target", "path"]).unwrap_err();
        assert_eq!(unknown.nearest.as_deref(), Some("target"));
        assert!(check("{target} {\"a\": 1}", &["target"]).is_ok());
    }
}
