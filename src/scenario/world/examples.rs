//! Tests of the published worlds: the production fixture, and the examples of `docs/worlds.md`.

use super::{Contents, World};
use crate::domain::{Day, DayRange, SecurityId, TransactionKind};
use crate::scenario::market::Style;

const JAN_8: &str = include_str!("../../../fixtures/jan_8_production.toml");
const PAGE: &str = include_str!("../../../docs/worlds.md");

fn sessions(world: &World, days: DayRange) -> &[Day] {
    world.calendar.sessions(days).unwrap()
}

#[test]
fn the_production_fixture_matches_the_incident() {
    let world = World::read(JAN_8).unwrap();
    assert_eq!(world.now.to_rfc3339(), "2026-01-08T23:00:00+00:00");
    let newest: Vec<(&str, String)> = world
        .portfolios
        .iter()
        .map(|portfolio| {
            let newest = portfolio.done.keys().last().unwrap();
            (portfolio.portfolio.name.as_str(), newest.to_string())
        })
        .collect();
    let facts = [
        ("Family Office Private Opportunities", "2026-01-05"),
        ("Family Office Public Growth", "2026-01-05"),
        ("Hedge Fund Style", "2026-01-05"),
        ("High Net Worth", "2026-01-05"),
        ("Individual", "2026-01-05"),
        ("Equity Balance", "2026-01-05"),
        ("Futura Test", "2026-01-05"),
        ("JP Morgan Bonds", "2026-01-05"),
        ("Robinhood Growth", "2026-01-05"),
        ("Robinhood Tech", "2026-01-05"),
        ("Small Test", "2026-01-05"),
        ("Tech Growth", "2026-01-06"),
        ("Test Scott Y", "2026-01-07"),
    ];
    assert_eq!(newest, facts.map(|(name, day)| (name, day.to_owned())));
    for portfolio in &world.portfolios {
        let inception = portfolio.portfolio.lifecycle.inception();
        let newest = *portfolio.done.keys().last().unwrap();
        let lifetime = DayRange::new(inception, newest).unwrap();
        let done: Vec<Day> = portfolio.done.keys().copied().collect();
        assert!(
            done.iter().eq(sessions(&world, lifetime)),
            "{}",
            portfolio.portfolio.name
        );
    }
}

#[test]
fn the_production_fixture_has_full_windows_and_transactions() {
    let world = World::read(JAN_8).unwrap();
    let sources = world.sources().unwrap();
    let benchmark = sources
        .closes
        .iter()
        .filter(|(id, ..)| *id == SecurityId(1));
    let first = world
        .portfolios
        .iter()
        .map(|portfolio| portfolio.portfolio.lifecycle.inception())
        .min()
        .unwrap();
    assert!(benchmark.clone().filter(|(_, day, _)| *day < first).count() >= 300);
    assert!(
        benchmark
            .map(|(_, day, _)| day)
            .eq(sessions(&world, world.priced_days))
    );
    for portfolio in &world.portfolios {
        let own = || {
            sources
                .transactions
                .iter()
                .filter(|t| t.portfolio == portfolio.portfolio.id)
        };
        assert_eq!(own().next().unwrap().kind, TransactionKind::Deposit);
        let holds = own().any(|t| t.kind == TransactionKind::TransferIn);
        let cash_only = matches!(
            portfolio.contents,
            Contents::MadeUp {
                style: Style::Cash,
                ..
            }
        );
        assert_eq!(holds, !cash_only, "{}", portfolio.portfolio.name);
    }
    let split = sources.splits[0].security;
    assert!(
        sources
            .transactions
            .iter()
            .any(|t| t.security == Some(split))
    );
}

#[test]
fn every_documented_example_is_a_world() {
    let examples: Vec<&str> = PAGE
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 6);
    for text in examples {
        let world = World::read(text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        assert!(!world.sources().unwrap().transactions.is_empty());
    }
}
