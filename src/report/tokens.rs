//! Renders the tokens of the server as text and JSON.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::page::Page;
use super::palette::{Palette, Tone};
use super::table::{Column, Entry, Table};
use crate::store::TokenRow;

/// A table of tokens with their scope and their state at `now`.
pub fn tokens_text(tokens: &[TokenRow], now: DateTime<Utc>, palette: Palette) -> String {
    let mut page = Page::new(palette);
    if tokens.is_empty() {
        page.sentence(
            Tone::Normal,
            "no tokens yet: create one with `plimsoll token new NAME`",
        );
        return page.finish();
    }
    let headings = ["scope", "state", "created", "handle"];
    let columns = std::iter::once(Column::elastic("token"));
    let mut table = Table::new(columns.chain(headings.map(Column::text)));
    for token in tokens {
        let (tone, state) = state(token, now);
        table.add_row([
            Entry::from(token.name.as_str()),
            Entry::from(token.scope.name()),
            Entry::toned(tone, state),
            Entry::from(date(token.created)),
            Entry::from(token.handle.as_str()),
        ]);
    }
    page.table(&table);
    page.finish()
}

/// A token as JSON, without its secret: only the digest of that is stored.
pub fn token_json(token: &TokenRow, now: DateTime<Utc>) -> Value {
    json!({
        "handle": token.handle,
        "name": token.name,
        "scope": token.scope,
        "made": token.created,
        "expires": token.expires,
        "revoked": token.revoked,
        "state": state_name(token, now),
    })
}

/// The date without the time, such as `2026-01-08`.
fn date(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn state_name(token: &TokenRow, now: DateTime<Utc>) -> &'static str {
    match (token.revoked, token.expires) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        _ => "good",
    }
}

fn state(token: &TokenRow, now: DateTime<Utc>) -> (Tone, String) {
    match (state_name(token, now), token.expires) {
        ("good", None) => (Tone::Good, "good".to_owned()),
        ("good", Some(end)) => (Tone::Good, format!("until {}", date(end))),
        (state, _) => (Tone::Dim, state.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TokenScope;
    use chrono::TimeDelta;

    fn token(name: &str, expires: Option<i64>, revoked: Option<i64>) -> TokenRow {
        let at = |days| DateTime::UNIX_EPOCH + TimeDelta::days(days);
        TokenRow {
            handle: "3f9a12cd".to_owned(),
            name: name.to_owned(),
            scope: TokenScope::Read,
            digest: [7; 32],
            created: at(0),
            expires: expires.map(at),
            revoked: revoked.map(at),
        }
    }

    #[test]
    fn tokens_show_scope_and_state() {
        let tokens = [
            token("grafana", None, None),
            token("a friend of the family", Some(30), None),
            token("last year's", Some(1), None),
            token("lost", None, Some(1)),
        ];
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(2);
        insta::assert_snapshot!(tokens_text(&tokens, now, Palette::Plain), @r"
        token                   scope  state             created     handle
        grafana                 read   good              1970-01-01  3f9a12cd
        a friend of the family  read   until 1970-01-31  1970-01-01  3f9a12cd
        last year's             read   expired           1970-01-01  3f9a12cd
        lost                    read   revoked           1970-01-01  3f9a12cd
        ");
        assert_eq!(token_json(&tokens[3], now)["state"], "revoked");
        assert!(!token_json(&tokens[0], now).to_string().contains("digest"));
    }
}
