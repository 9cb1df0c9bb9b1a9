//! Finds the place of a key or value in a TOML text, for error messages.
//!
//! The text is parsed, not searched, so that a comment or a part of a longer word never matches.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::scenario::limits::Counted;
use crate::scenario::names::expand;
use crate::scenario::world::WorldError;

/// Returns the byte range of the first key of this name, at any depth.
pub(super) fn key_span(text: &str, key: &str) -> Option<Range<usize>> {
    find_span(text, &|word, kind| kind == TokenKind::Key && word == key)
}

impl WorldError {
    /// Returns the byte range of the key or value in `text`, the world as TOML, that causes the
    /// error; `None` if it is not found.
    pub fn span(&self, text: &str) -> Option<Range<usize>> {
        let word = |wanted: &str| find_span(text, &|word, _| word == wanted);
        let portfolio = |wanted: &str| {
            find_span(text, &|word, kind| {
                kind == TokenKind::Key
                    && expand(word).is_some_and(|mut names| names.any(|name| name == wanted))
            })
        };
        match self {
            Self::Text { source, .. } => source.span(),
            Self::InvalidNameRange(name)
            | Self::RestoredNotDeleted(name)
            | Self::HoldingsWithStyle(name) => word(name),
            Self::DuplicatePortfolio(name)
            | Self::SharedIdentity(name)
            | Self::BlockedWithHoldings(name)
            | Self::InvalidId {
                portfolio: name, ..
            } => portfolio(name),
            Self::TooMany(found) => {
                let key = match found.counted {
                    Counted::Shares => "shares",
                    Counted::Closes => "market",
                    Counted::Steps => "step",
                    Counted::Portfolios | Counted::Cells => "portfolios",
                };
                key_span(text, key).or_else(|| key_span(text, "portfolios"))
            }
            Self::InvalidLike { like, .. } => word(like),
            Self::MadeUpKeyWithGivenSources { key, .. } => key_span(text, key),
            Self::RunningRun { .. } => key_span(text, "run"),
            Self::UnknownSymbol { symbol: name, .. }
            | Self::UnknownPortfolio { name, .. }
            | Self::UnknownSector { sector: name, .. }
            | Self::SymbolTaken { symbol: name, .. }
            | Self::UnknownCalendar { calendar: name, .. } => word(name),
            Self::Lifecycle {
                portfolio: name, ..
            }
            | Self::MissingRate {
                portfolio: name, ..
            }
            | Self::WithoutSnapshot {
                portfolio: name, ..
            } => portfolio(name),
            Self::NoActiveSession {
                portfolio: name,
                span,
            }
            | Self::AfterLastSession {
                portfolio: name,
                span,
                ..
            } => word(&span.to_string()).or_else(|| portfolio(name)),
            Self::Transaction { .. } => key_span(text, "transaction"),
            Self::Split { .. } => key_span(text, "split"),
            Self::Action { .. } => key_span(text, "action"),
            Self::OwnCalendarName(_) | Self::OwnCalendar(_) => key_span(text, "own-calendar"),
            Self::AcceptedPrices(_) => key_span(text, "accepted-prices"),
            Self::UnpricedOutside { span, .. } => word(&span.to_string()),
            Self::Market(_) => key_span(text, "market"),
            Self::Calendar(_) => {
                key_span(text, "calendar-amendments").or_else(|| key_span(text, "now"))
            }
            Self::MissingNow => None,
        }
    }
}

/// The role of a word in a TOML text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    Key,
    Value,
}

/// Returns whether a word with this role is the one to find.
type Matcher<'t> = &'t dyn Fn(&str, TokenKind) -> bool;

fn find_span(text: &str, test: Matcher<'_>) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    find_in_table(root.get_ref(), test)
}

/// Returns the first match in the order of the text.
fn find_in_table(table: &DeTable<'_>, test: Matcher<'_>) -> Option<Range<usize>> {
    let found = table.iter().filter_map(|(key, value)| {
        if test(key.get_ref(), TokenKind::Key) {
            return Some(key.span());
        }
        find_in_value(value, test)
    });
    // A table iterates in the order of its keys, not of the text.
    found.min_by_key(|range| range.start)
}

fn find_in_value(value: &Spanned<DeValue<'_>>, test: Matcher<'_>) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::Table(table) => find_in_table(table, test),
        DeValue::Array(values) => values.iter().find_map(|value| find_in_value(value, test)),
        DeValue::String(word) => test(word, TokenKind::Value).then(|| value.span()),
        DeValue::Datetime(date) => test(&date.to_string(), TokenKind::Value).then(|| value.span()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::world::World;

    fn text_at_error(text: &str) -> String {
        let error = World::read(text).unwrap_err();
        let at = error
            .span(text)
            .unwrap_or_else(|| panic!("{error} points nowhere"));
        text[at].to_owned()
    }

    #[test]
    fn an_error_has_the_span_of_its_cause() {
        let now = "# NIBM is meant\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n";
        assert_eq!(
            text_at_error(&format!("{now}A = {{ holdings = {{ NIBM = 1 }} }}")),
            "NIBM"
        );
        assert_eq!(
            text_at_error(&format!("{now}\"A..C\" = {{}}\nB = {{}}")),
            "\"A..C\""
        );
        assert_eq!(
            text_at_error(&format!("{now}A = {{ complete = \"..2026-01-09\" }}")),
            "\"..2026-01-09\""
        );
        assert_eq!(
            text_at_error(&format!("{now}A = {{ holes = 2026-01-09 }}")),
            "2026-01-09"
        );
        assert_eq!(
            text_at_error(&format!("{now}A = {{ complet = \"..\" }}")),
            "complet"
        );
    }
}
