//! Takes parameters out of a URL or of `key=value` words that `libpq` knows and the client does not:
//! files of certificates and passwords, and some values of `sslmode`.

use std::collections::BTreeMap;

/// The parameters that are taken out.
const TAKEN: [&str; 6] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "passfile",
    "gssencmode",
];

/// A URL without the parameters in `taken`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) rest: String,
    pub(super) taken: BTreeMap<&'static str, String>,
}

impl Parameters {
    /// Splits a URL, or `key=value` words. Returns `None` for text that is neither.
    pub(super) fn split(text: &str) -> Option<Self> {
        match text.contains("://") {
            true => split_url(text),
            false => split_words(text),
        }
    }
}

fn taken_key(key: &str) -> Option<&'static str> {
    TAKEN.into_iter().find(|taken| *taken == key)
}

fn split_url(text: &str) -> Option<Parameters> {
    let Some((address, query)) = text.split_once('?') else {
        let (rest, taken) = (text.to_owned(), BTreeMap::new());
        return Some(Parameters { rest, taken });
    };
    let (mut kept, mut taken) = (Vec::new(), BTreeMap::new());
    for pair in query.split('&') {
        let found = pair.split_once('=');
        match found.and_then(|(key, value)| Some((taken_key(key)?, value))) {
            Some((key, value)) => {
                taken.insert(key, percent_decoded(value)?);
            }
            None => kept.push(pair),
        }
    }
    let rest = match kept.is_empty() {
        true => address.to_owned(),
        false => format!("{address}?{}", kept.join("&")),
    };
    Some(Parameters { rest, taken })
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let code = u8::from_str_radix(part.get(..2)?, 16).ok()?;
        bytes.push(code);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// Reads words as `libpq` does: spaces may surround `=`, quotes enclose a value, and a backslash
/// precedes a quote or a backslash.
fn split_words(text: &str) -> Option<Parameters> {
    let (mut kept, mut taken) = (Vec::new(), BTreeMap::new());
    let mut left = text.trim_start();
    while !left.is_empty() {
        let (key, value) = left.split_once('=')?;
        let key = key.trim_end();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return None;
        }
        let (value, after) = read_value(value.trim_start())?;
        match taken_key(key) {
            Some(key) => {
                taken.insert(key, value);
            }
            None => {
                let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
                kept.push(format!("{key}='{escaped}'"));
            }
        }
        left = after.trim_start();
    }
    let rest = kept.join(" ");
    Some(Parameters { rest, taken })
}

/// Returns the value at the start of a text, and the text after it.
fn read_value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let body = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut letters = body.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?.1),
            '\'' if quoted.is_some() => return Some((value, &body[at + 1..])),
            _ if quoted.is_none() && letter.is_whitespace() => return Some((value, &body[at..])),
            _ => value.push(letter),
        }
    }
    // A quote that is not closed.
    quoted.is_none().then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<(String, Vec<(&'static str, String)>)> {
        let split = Parameters::split(text)?;
        Some((split.rest, split.taken.into_iter().collect()))
    }

    #[test]
    fn parameters_of_certificates_are_taken_out_of_both_forms() {
        let taken = vec![
            ("sslmode", "verify-full".to_owned()),
            ("sslrootcert", "/a b/root.crt".to_owned()),
        ];
        assert_eq!(
            split(
                "postgres://u:p@h/d?sslmode=verify-full&connect_timeout=3&sslrootcert=/a%20b/root.crt"
            ),
            Some((
                "postgres://u:p@h/d?connect_timeout=3".to_owned(),
                taken.clone()
            ))
        );
        assert_eq!(
            split(r"host=h sslmode = verify-full password='it\'s \\' sslrootcert='/a b/root.crt'"),
            Some((r"host='h' password='it\'s \\'".to_owned(), taken))
        );
        assert_eq!(
            split("postgres://u@h/d?sslmode=disable").unwrap().0,
            "postgres://u@h/d"
        );
    }

    #[test]
    fn text_of_neither_form_is_refused() {
        for text in [
            "host",
            "host=h a b=c",
            "password='open",
            "postgres://h/d?sslmode=%z1",
            "postgres://h/d?sslcert=%4",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
