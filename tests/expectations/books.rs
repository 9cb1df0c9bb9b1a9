//! Finds amounts and kinds of prices that the books of a played scenario have, and others.

use plimsoll::domain::Money;
use plimsoll::domain::output::Snapshot;
use plimsoll::scenario::runner::EndState;
use toml::Table;

use crate::played::Played;
use crate::truth::{Probe, Verdict, probe, sessions, table};

/// Returns probes of the first books, and of a portfolio and day without books.
pub(crate) fn amounts(
    state: &EndState,
    played: &Played<'_>,
    amount: fn(&Snapshot) -> Money,
) -> Vec<Probe> {
    let books = state.books.as_ref().unwrap();
    let mut probes = Vec::new();
    if let Some((name, days)) = books.first_key_value() {
        let (day, snapshot) = days.last_key_value().unwrap();
        let of = |value: String| table(name, table(&day.to_string(), value));
        let found = amount(snapshot);
        let other = if found == Money::ZERO { "1" } else { "0" };
        probes.push(probe(of(found.to_string()), Verdict::Holds));
        probes.push(probe(of(other.to_owned()), Verdict::Fails));
        probes.push(probe(of("none".to_owned()), Verdict::Fails));
    }
    let names = played
        .scenario
        .portfolios()
        .map(|known| &known.portfolio.name);
    let mut cells = names.flat_map(|name| sessions(played).into_iter().map(move |day| (name, day)));
    let without = cells.find(|(name, day)| {
        let days = books.get(*name);
        days.is_none_or(|days| !days.contains_key(day))
    });
    if let Some((name, day)) = without {
        let of = |value: &str| table(name, table(&day.to_string(), value));
        probes.push(probe(of("none"), Verdict::Holds));
        probes.push(probe(of("0"), Verdict::Fails));
    }
    probes
}

/// Returns probes of the kinds of prices of the first books.
pub(crate) fn quality(state: &EndState) -> Vec<Probe> {
    let books = state.books.as_ref().unwrap();
    let first = books
        .iter()
        .flat_map(|(name, days)| days.iter().map(move |it| (name, it)))
        .next();
    let Some((name, (day, snapshot))) = first else {
        return Vec::new();
    };
    let found = snapshot.quality;
    let of =
        |key: &str, value: u32| table(name, table(&day.to_string(), table(key, i64::from(value))));
    let kinds = [
        ("fresh", found.fresh),
        ("stale", found.stale),
        ("cost", found.cost),
        ("none", found.none),
    ];
    let kinds = kinds.into_iter().flat_map(|(key, count)| {
        [
            probe(of(key, count), Verdict::Holds),
            probe(of(key, count + 1), Verdict::Fails),
        ]
    });
    let empty = table(name, table(&day.to_string(), Table::new()));
    kinds.chain([probe(empty, Verdict::Refused)]).collect()
}
