//! Keeps passwords out of messages: hides them in server addresses, and in texts with addresses.

/// Replacement for a password.
const REDACTED: &str = "***";
/// The name of the parameter, and the end of the names of others, such as `sslpassword`.
const PASSWORD: &str = "password";
/// The characters that may surround the sign after it.
const BLANKS: [char; 2] = [' ', '\t'];

/// The URL of a PostgreSQL database, or its parameters `host=… user=…`. It is never shown, not even
/// for debugging, since it may hold a password.
#[cfg(feature = "postgres")]
#[derive(Clone)]
pub struct PostgresUrl(String);

#[cfg(feature = "postgres")]
impl PostgresUrl {
    /// Returns the URL with its password.
    pub(in crate::store) fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "postgres")]
impl From<String> for PostgresUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(feature = "postgres")]
impl std::fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PostgresUrl(***)")
    }
}

/// Hides passwords in a text: between `://user:` and the last `@` of a line, and after `password =`.
/// In doubt it hides too much rather than too little.
pub fn redact_passwords(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines
        .map(|line| redact_password_parameters(&redact_url_password(line)))
        .collect()
}

/// Hides a secret in a text, in each form that a URL can give it: any of its bytes may be escaped, and
/// a space may be a `+`. The secret must not be empty.
#[cfg(feature = "postgres")]
pub(in crate::store) fn redact_secret(text: &str, secret: &str) -> String {
    let mut redacted = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        match length_of_secret(rest.as_bytes(), secret.as_bytes()) {
            Some(length) => {
                redacted += REDACTED;
                rest = &rest[length..];
            }
            None => {
                redacted.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    redacted
}

/// Returns the length of the secret at the beginning of a text, if it is there. A `%` of the secret
/// may stand for itself or be escaped by another, so both are tried.
#[cfg(feature = "postgres")]
fn length_of_secret(text: &[u8], secret: &[u8]) -> Option<usize> {
    let Some((byte, secret)) = secret.split_first() else {
        return Some(0);
    };
    let after = |length: usize| Some(length + length_of_secret(&text[length..], secret)?);
    let escaped = match text {
        [b'%', high, low, ..] if escaped_byte(*high, *low) == Some(*byte) => after(3),
        _ => None,
    };
    escaped.or_else(|| match text {
        [first, ..] if first == byte || (*first == b'+' && *byte == b' ') => after(1),
        _ => None,
    })
}

#[cfg(feature = "postgres")]
fn escaped_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn redact_url_password(line: &str) -> String {
    let Some((scheme, rest)) = line.split_once("://") else {
        return line.to_owned();
    };
    match rest
        .rsplit_once('@')
        .map(|(login, host)| (login.split_once(':'), host))
    {
        Some((Some((user, _)), host)) => format!("{scheme}://{user}:{REDACTED}@{host}"),
        _ => line.to_owned(),
    }
}

/// Hides the value after each `password =`, also with spaces around the sign, as `libpq` reads them.
fn redact_password_parameters(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(PASSWORD) {
        text += before;
        text += PASSWORD;
        rest = after;
        let sign = after.trim_start_matches(BLANKS);
        if let Some(value) = sign.strip_prefix('=') {
            let value = value.trim_start_matches(BLANKS);
            text += &after[..after.len() - value.len()];
            text += REDACTED;
            rest = &value[value_length(value)..];
        }
    }
    text + rest
}

/// Returns the length of a value: up to the closing quote if it is quoted, else up to a blank or `&`.
/// A backslash takes the next character into the value.
fn value_length(value: &str) -> usize {
    let is_quoted = value.starts_with('\'');
    let mut chars = value.char_indices().skip(usize::from(is_quoted));
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '\'' if is_quoted => return at + 1,
            ' ' | '\t' | '\n' | '&' if !is_quoted => return at,
            _ => {}
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_redacted_in_all_address_forms() {
        for (text, expected) in [
            (
                "to postgres://app:s3cr3t@db/books",
                "to postgres://app:***@db/books",
            ),
            (
                "postgres://app:s3:cr@3/t@db:5432\nnext",
                "postgres://app:***@db:5432\nnext",
            ),
            ("postgres://app:my s3cr3t@db", "postgres://app:***@db"),
            (
                "host=db password=s3cr3t user=app",
                "host=db password=*** user=app",
            ),
            (
                "host=db password='s3 cr3t' user=app",
                "host=db password=*** user=app",
            ),
            (
                "postgres://db/a?password=s3cr3t&user=b",
                "postgres://db/a?password=***&user=b",
            ),
            ("password='s3cr3t", "password=***"),
            ("password=", "password=***"),
            (
                "host=db password = s3cr3t user=app",
                "host=db password = *** user=app",
            ),
            ("password\t= 's3 cr3t' user=app", "password\t= *** user=app"),
            (r"password='s3\'cr3t' user=app", "password=*** user=app"),
            (
                r"sslpassword=s3\ cr3t password=t",
                "sslpassword=*** password=***",
            ),
        ] {
            assert_eq!(redact_passwords(text), expected);
        }
        for plain in [
            "postgres://app@db/books",
            "https://a/b",
            "no address: a@b\n",
            "the password of app is wrong",
        ] {
            assert_eq!(redact_passwords(plain), plain);
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_secret_is_hidden_in_each_form_of_a_url() {
        for shown in [
            "té:st @%pw",
            "t%C3%A9%3Ast+%40%25pw",
            "t%c3%a9%3ast%20@%25pw",
        ] {
            let text = redact_secret(&format!("a {shown}@db é"), "té:st @%pw");
            assert_eq!(text, "a ***@db é");
        }
        assert_eq!(redact_secret("a %3 b%", "%"), "a ***3 b***");
        assert_eq!(redact_secret("a %25 %2525", "%25"), "a *** ***");
        assert_eq!(redact_secret("te%3", "te:"), "te%3");
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn debug_output_hides_url() {
        let url = PostgresUrl::from("postgres://app:s3cr3t@db".to_owned());
        assert_eq!(format!("{url:?}"), "PostgresUrl(***)");
    }
}
