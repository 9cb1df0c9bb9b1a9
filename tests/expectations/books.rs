//! Finds amounts and kinds of prices that the books of a played scenario have, and others.

use plimsoll::domain::output::Snapshot;
use plimsoll::domain::{Day, Money, Phase};
use plimsoll::scenario::runner::{CellBooks, EndState};
use toml::{Table, Value};

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
        let found = amount(computed(snapshot));
        let other = if found == Money::ZERO { "1" } else { "0" };
        probes.push(probe(of(found.to_string()), Verdict::Holds));
        probes.push(probe(of(other.to_owned()), Verdict::Fails));
        probes.push(probe(of("none".to_owned()), Verdict::Fails));
    }
    let mut cells = expected_cells(played).into_iter();
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

fn computed(books: &CellBooks) -> &Snapshot {
    match books {
        CellBooks::Computed(snapshot) => snapshot,
        CellBooks::Mapped(_) => panic!("Plimsoll computes its books"),
    }
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
    let found = computed(snapshot).quality;
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

/// Returns probes of the done phases of the first cell, and of one without any.
pub(crate) fn phases(state: &EndState, played: &Played<'_>) -> Vec<Probe> {
    let done = state.phases.as_ref().unwrap();
    let of = |name: &str, day: Day, phases: &[&str]| {
        let phases: Vec<Value> = phases.iter().map(|phase| Value::from(*phase)).collect();
        table(name, table(&day.to_string(), Value::Array(phases)))
    };
    let mut probes = Vec::new();
    let known = sessions(played);
    let cells = done
        .iter()
        .flat_map(|(name, days)| days.iter().map(move |(day, phases)| (name, *day, *phases)));
    if let Some((name, day, phases)) = cells.clone().find(|(_, day, _)| known.contains(day)) {
        let found: Vec<&str> = phases.iter().map(Phase::name).collect();
        probes.push(probe(of(name, day, &found), Verdict::Holds));
        probes.push(probe(of(name, day, &found[1..]), Verdict::Fails));
        probes.push(probe(of(name, day, &[]), Verdict::Fails));
    }
    let without = expected_cells(played).into_iter().find(|(name, day)| {
        let mut cells = cells.clone();
        !cells.any(|(other, on, _)| other == *name && on == *day)
    });
    if let Some((name, day)) = without {
        probes.push(probe(of(name, day, &[]), Verdict::Holds));
        probes.push(probe(of(name, day, &["risk"]), Verdict::Fails));
    }
    probes
}

/// Returns the balance in euros.
pub(crate) fn euros(books: &Snapshot) -> Money {
    let mut cash = books.foreign_cash.iter();
    let found = cash.find(|of| of.currency.code() == "EUR");
    found.map_or(Money::ZERO, |of| of.balance)
}

/// Returns the expected cells up to the day of the clock, by portfolio: all sessions from inception.
fn expected_cells<'p>(played: &'p Played<'_>) -> Vec<(&'p str, Day)> {
    let sessions = sessions(played);
    let portfolios = played.scenario.portfolios().map(|known| &known.portfolio);
    let cells = portfolios.flat_map(|portfolio| {
        let inception = portfolio.lifecycle.inception();
        let days = sessions.iter().filter(move |day| **day >= inception);
        days.map(|day| (portfolio.name.as_str(), *day))
    });
    cells.collect()
}
