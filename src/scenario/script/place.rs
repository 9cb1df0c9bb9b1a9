//! Where in a text a word stands, by its structure and not by searching letters: a key or a
//! value, never a part of one or a comment.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::scenario::world::{WorldError, names_of};

/// The place of the first key of this name, at any depth.
pub(super) fn of_key(text: &str, key: &str) -> Option<Range<usize>> {
    find(text, &|word, kind| kind == Kind::Key && word == key)
}

impl WorldError {
    /// Where in the text of the world it shows, in bytes, if it can be told.
    pub fn at(&self, text: &str) -> Option<Range<usize>> {
        let word = |meant: &str| find(text, &|word, _| word == meant);
        let portfolio = |meant: &str| {
            find(text, &|word, kind| {
                kind == Kind::Key
                    && names_of(word).is_some_and(|all| all.iter().any(|n| n == meant))
            })
        };
        match self {
            Self::Text { source, .. } => source.span(),
            Self::Names(name) | Self::Restored(name) | Self::Contents(name) => word(name),
            Self::Twice(name)
            | Self::Shared(name)
            | Self::Blocked(name)
            | Self::Id {
                portfolio: name, ..
            } => portfolio(name),
            Self::Like { like, .. } => word(like),
            Self::MakesUp { key, .. } => of_key(text, key),
            Self::RunningRun { .. } => of_key(text, "run"),
            Self::Symbol { symbol: name, .. }
            | Self::Portfolio { name, .. }
            | Self::Sector { sector: name, .. } => word(name),
            Self::Life {
                portfolio: name, ..
            }
            | Self::Rate {
                portfolio: name, ..
            }
            | Self::WithoutSnapshot {
                portfolio: name, ..
            } => portfolio(name),
            Self::Lifeless {
                portfolio: name,
                span,
            }
            | Self::Beyond {
                portfolio: name,
                span,
                ..
            } => word(&span.to_string()).or_else(|| portfolio(name)),
            Self::Transaction { .. } => of_key(text, "transaction"),
            Self::Split { .. } => of_key(text, "split"),
            Self::Market(_) => of_key(text, "market"),
            Self::Calendar(_) => {
                of_key(text, "calendar-amendments").or_else(|| of_key(text, "now"))
            }
            Self::NoTime => None,
        }
    }
}

/// What a word is in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Value,
}

type Test<'t> = &'t dyn Fn(&str, Kind) -> bool;

fn find(text: &str, test: Test<'_>) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    in_table(root.get_ref(), test)
}

/// The first that fits, in the order of the text.
fn in_table(table: &DeTable<'_>, test: Test<'_>) -> Option<Range<usize>> {
    let found = table.iter().filter_map(|(key, value)| {
        if test(key.get_ref(), Kind::Key) {
            return Some(key.span());
        }
        in_value(value, test)
    });
    found.min_by_key(|range| range.start)
}

fn in_value(value: &Spanned<DeValue<'_>>, test: Test<'_>) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, test),
        DeValue::Array(values) => values.iter().find_map(|value| in_value(value, test)),
        DeValue::String(word) => test(word, Kind::Value).then(|| value.span()),
        DeValue::Datetime(date) => test(&date.to_string(), Kind::Value).then(|| value.span()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::world::World;

    fn pointed(text: &str) -> String {
        let error = World::read(text).unwrap_err();
        let at = error
            .at(text)
            .unwrap_or_else(|| panic!("{error} points nowhere"));
        text[at].to_owned()
    }

    #[test]
    fn a_mistake_is_pointed_at_where_it_stands() {
        let now = "# NIBM is meant\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n";
        assert_eq!(
            pointed(&format!("{now}A = {{ holdings = {{ NIBM = 1 }} }}")),
            "NIBM"
        );
        assert_eq!(
            pointed(&format!("{now}\"A..C\" = {{}}\nB = {{}}")),
            "\"A..C\""
        );
        assert_eq!(
            pointed(&format!("{now}A = {{ complete = \"..2026-01-09\" }}")),
            "\"..2026-01-09\""
        );
        assert_eq!(
            pointed(&format!("{now}A = {{ holes = 2026-01-09 }}")),
            "2026-01-09"
        );
        assert_eq!(
            pointed(&format!("{now}A = {{ complet = \"..\" }}")),
            "complet"
        );
    }
}
