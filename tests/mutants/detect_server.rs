//! Looks for the mutant in force with requests to a server.

use std::panic::catch_unwind;

use chrono::TimeDelta;
use plimsoll::domain::TokenScope;
use plimsoll::environment::Environment;
use plimsoll::serve::access::new_token;
use sha2::{Digest as _, Sha256};

use crate::test_server::{TestServer, start_server};

/// Names that are markup if they are not escaped.
const NAMES: &str = r#"
now = 2026-01-08T18:00:00-05:00
[portfolios]
"<script>A" = { inception = 2026-01-07, style = "cash", complete = "..2026-01-07" }
[[run]]
started = 2026-01-07T18:00:00-05:00
state = "failed"
policy = "<script>"
scope = "<script>"
"#;

const TOKENS: &str =
    "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = { complete = \"..2026-01-06\" }\n";

/// The number of tried secrets; the digest of one in 65,536 begins with the same two bytes.
const TRIES: u32 = 2_000_000;

/// Sends requests, and returns an error if an answer is wrong.
type Requests = fn() -> Result<(), String>;

const REQUESTS: [(&str, Requests); 2] = [("tokens", send_tokens), ("names", show_names)];

/// Returns the first requests with a wrong answer; `first` is tried first. A panic counts as found.
pub(crate) fn find_by_server(first: &str) -> Option<String> {
    std::panic::set_hook(Box::new(|_| {}));
    let mut requests = REQUESTS;
    requests.sort_by_key(|(name, _)| *name != first);
    let fails = |send: Requests| catch_unwind(send).map_or(true, |sent| sent.is_err());
    let found = requests.into_iter().find(|(_, send)| fails(*send));
    found.map(|(name, _)| name.to_owned())
}

fn status(server: &TestServer, token: &str) -> u16 {
    server.request("GET", "/api/v1/status", Some(token)).status
}

/// Sends a valid token, then tokens that resemble it, and one that has expired.
fn send_tokens() -> Result<(), String> {
    let server = start_server(TOKENS);
    let good = &server.reader;
    if status(&server, good) != 200 {
        return Err("a valid token is refused".to_owned());
    }
    // As many as a minute allows, or fewer.
    let mut wrong = vec![
        good[..good.len() - 1].to_owned(),
        format!("{good}0"),
        format!("{}g", &good[..good.len() - 1]),
    ];
    wrong.extend(with_similar_digest(good));
    let yesterday = Environment::system(None).wall_clock.now() - TimeDelta::days(1);
    let environment = Environment::fixed(yesterday, 1);
    let expires = Some(yesterday + TimeDelta::hours(1));
    let expired = new_token(
        &server.store,
        &environment,
        "expired",
        TokenScope::Read,
        expires,
    );
    wrong.push(expired.map_err(|error| error.to_string())?.text);
    match wrong.iter().find(|token| status(&server, token) != 401) {
        Some(token) => Err(format!("`{token}` is accepted")),
        None => Ok(()),
    }
}

/// Returns a token with the handle of `good` whose digest begins with the same two bytes.
fn with_similar_digest(good: &str) -> Option<String> {
    let (handle, _) = good.rsplit_once('_')?;
    let known = Sha256::digest(good.as_bytes());
    (0..TRIES)
        .map(|secret| format!("{handle}_{secret:064x}"))
        .find(|token| Sha256::digest(token.as_bytes())[..2] == known[..2])
}

/// Opens the pages that show names of portfolios and the scopes of runs.
fn show_names() -> Result<(), String> {
    let server = start_server(NAMES);
    let name = "%3Cscript%3EA";
    for path in [
        "/",
        "/?sessions=250",
        "/plan",
        "/runs",
        &format!("/portfolios/{name}"),
        &format!("/portfolios/{name}/cells/2026-01-08"),
    ] {
        let page = server.browse(path, "", None);
        if page.status != 200 || page.text.contains("<script>") {
            return Err(format!("{path}: {}, {}", page.status, page.text));
        }
    }
    Ok(())
}
