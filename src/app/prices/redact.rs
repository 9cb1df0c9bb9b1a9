//! Hides secrets in what a command prints. In doubt it hides too much rather than too little.

use crate::store::redact_passwords;

/// Replacement for a secret.
const HIDDEN: &str = "***";
/// The shortest value that is looked for: a shorter one would hide parts of words.
const MIN_LENGTH: usize = 6;
/// The ends of the names of secrets, in lower case.
const SECRET_NAMES: [&str; 7] = [
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "auth",
];
/// The words before a secret, in lower case.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];

/// Returns a text without the values of secret variables of the environment, without words of the
/// `command` that can be a secret, without queries and logins of addresses, and without values after
/// the name of a secret.
pub(super) fn redact(text: &str, command: &[String]) -> String {
    let mut text = text.to_owned();
    let secrets = environment_secrets().chain(command_secrets(command));
    let mut secrets: Vec<String> = secrets
        .filter(|secret| secret.len() >= MIN_LENGTH)
        .collect();
    // A secret that contains another one is hidden as a whole.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        text = text.replace(&secret, HIDDEN);
    }
    let lines: Vec<_> = text.lines().map(redact_line).collect();
    redact_passwords(&lines.join("\n"))
}

fn environment_secrets() -> impl Iterator<Item = String> {
    let variables = std::env::vars_os();
    let secret = variables.filter(|(name, _)| is_secret_name(&name.to_string_lossy()));
    secret.map(|(_, value)| value.to_string_lossy().into_owned())
}

/// Returns the words that can be a secret: letters and digits together, without a dot or a slash.
fn command_secrets(command: &[String]) -> impl Iterator<Item = String> {
    let words = command.iter().skip(1);
    let values = words.map(|word| word.rsplit_once('=').map_or(&**word, |(_, value)| value));
    let is_secret = |value: &&str| {
        value.contains(|char: char| char.is_ascii_digit())
            && !value.contains(['.', '/', ' '])
            && value.contains(|char: char| char.is_ascii_alphabetic())
    };
    values.filter(is_secret).map(ToOwned::to_owned)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.ends_with(secret))
}

fn redact_line(line: &str) -> String {
    let mut redacted = String::new();
    let mut is_next_secret = false;
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let space = &word[bare.len()..];
        let (shown, next) = redact_word(bare, is_next_secret);
        redacted += &shown;
        redacted += space;
        is_next_secret = next;
    }
    redacted
}

/// Returns a word without its secrets, and whether the next one is a secret.
fn redact_word(word: &str, is_secret: bool) -> (String, bool) {
    let plain = word.trim_matches(|char: char| !char.is_alphanumeric());
    if SCHEMES.contains(&plain.to_ascii_lowercase().as_str()) {
        return (word.to_owned(), true);
    }
    if is_secret && !plain.is_empty() {
        return (HIDDEN.to_owned(), false);
    }
    if word.contains("://") {
        let (address, query) = word.split_once(['?', '#']).unwrap_or((word, ""));
        let hidden = if query.is_empty() { "" } else { "?***" };
        return (format!("{}{hidden}", without_login(address)), false);
    }
    let Some(at) = word.find(['=', ':']) else {
        return (word.to_owned(), false);
    };
    let (name, value) = (&word[..at], &word[at + 1..]);
    let name_end = name.trim_end_matches(|char: char| !char.is_alphanumeric());
    match (is_secret_name(name_end), value.is_empty()) {
        (true, true) => (word.to_owned(), true),
        (true, false) => (format!("{}{HIDDEN}", &word[..=at]), false),
        (false, _) => (word.to_owned(), false),
    }
}

/// Returns an address without the name and the password before its host.
fn without_login(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let slash = if rest.contains('/') { "/" } else { "" };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{slash}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_is_kept() {
        let command = ["python3", "fetch.py", "--key=4f1c9a77", "prices/2026"];
        let command = command.map(str::to_owned);
        for (text, shown) in [
            ("no key 4f1c9a77 known", "no key *** known"),
            (
                "HTTP 429 for https://vendor.example/eod/AAPL?from=2026-01-05&api_token=x1",
                "HTTP 429 for https://vendor.example/eod/AAPL?***",
            ),
            (
                "failed: https://anna:pw@vendor.example/a",
                "failed: https://vendor.example/a",
            ),
            ("apikey=x1 day=2026-01-05", "apikey=*** day=2026-01-05"),
            ("{'X-API-Key': 'x1'}", "{'X-API-Key': ***"),
            ("Authorization: Bearer x1.y2", "Authorization: Bearer ***"),
            ("password = x1", "password = ***"),
            (
                "fetch.py failed in prices/2026",
                "fetch.py failed in prices/2026",
            ),
            ("KeyError: 'AAPL'", "KeyError: 'AAPL'"),
        ] {
            assert_eq!(redact(text, &command), shown);
        }
    }
}
