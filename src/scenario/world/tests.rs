//! Tests of reading worlds.

use std::collections::BTreeMap;

use super::{FailureState, Lease, World, WorldError};
use crate::domain::{AssetClass, Day, Phase, PhaseSet, SecurityId, TransactionKind};

fn world(text: &str) -> World {
    read(text).unwrap()
}

/// Reads a world on the evening of January 8, 2026, with a small market.
fn read(text: &str) -> Result<World, WorldError> {
    World::read(&format!(
        "now = 2026-01-08T18:00:00-05:00\nmarket.shares = 16\n{text}"
    ))
}

fn error_text(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// The days on which all four phases of a portfolio are done.
fn complete_days(world: &World, name: &str) -> Vec<String> {
    let portfolio = world.portfolio(name).unwrap();
    let complete = portfolio
        .done
        .iter()
        .filter(|(_, phases)| **phases == PhaseSet::CELL_PHASES);
    complete.map(|(day, _)| day.to_string()).collect()
}

#[test]
fn the_same_world_gives_the_same_sources() {
    let text = "seed = 3\n[portfolios]\n\"A..C\" = {}";
    assert_eq!(world(text).sources(), world(text).sources());
    let other = world(&text.replace('3', "4")).sources().unwrap();
    assert_ne!(world(text).sources().unwrap().closes, other.closes);
}

#[test]
fn another_portfolio_changes_no_history_and_no_close() {
    let few = world("[portfolios]\nA = {}\nB = { style = \"tech\" }")
        .sources()
        .unwrap();
    let more =
        world("[portfolios]\nA = {}\nB = { style = \"tech\" }\nC = { inception = 2024-01-02 }")
            .sources()
            .unwrap();
    assert_eq!(
        few.transactions,
        more.transactions[..few.transactions.len()]
    );
    assert!(few.transactions.len() < more.transactions.len());
    let closes: BTreeMap<_, _> = more
        .closes
        .iter()
        .map(|(id, day, close)| ((id, day), close))
        .collect();
    assert!(
        few.closes
            .iter()
            .all(|(id, day, close)| closes[&(id, day)] == close)
    );
}

#[test]
fn ids_follow_the_file_and_not_the_alphabet() {
    let world = world("[portfolios]\nZ = {}\n\"B..D\" = {}\nA = {}");
    let names: Vec<_> = world
        .portfolios
        .iter()
        .map(|entry| entry.portfolio.name.as_str())
        .collect();
    assert_eq!(names, ["Z", "B", "C", "D", "A"]);
    assert!(
        (1..)
            .zip(&world.portfolios)
            .all(|(id, entry)| entry.portfolio.id.0 == id)
    );
}

#[test]
fn coverage_runs_from_the_inception_and_leaves_holes_out() {
    let world = world(
        "[portfolios.A]\ninception = 2025-12-30\ncomplete = \"..2026-01-07\"\nholes = [2026-01-05]",
    );
    assert_eq!(
        complete_days(&world, "A"),
        [
            "2025-12-30",
            "2025-12-31",
            "2026-01-02",
            "2026-01-06",
            "2026-01-07"
        ]
    );
    let (coverage, a) = (world.coverage(), world.portfolios[0].portfolio.id);
    assert!(coverage.contains(day("2026-01-07"), Phase::Risk, a));
    assert!(!coverage.contains(day("2026-01-05"), Phase::Snapshot, a));
    assert_eq!(coverage.iter().count(), 5 * 4);
}

#[test]
fn a_missing_inception_defaults_to_ten_sessions_before_the_first_named_day() {
    let world = world("[portfolios]\nA = { complete = \"..2026-01-07\" }\nB = {}");
    assert_eq!(complete_days(&world, "A").len(), 11);
    assert_eq!(
        world.portfolios[1].portfolio.lifecycle.inception(),
        day("2025-12-23")
    );
    assert!(world.portfolios[1].done.is_empty());
    assert!(read("[portfolios]\nA = { closed = 2025-06-30 }").is_ok());
}

#[test]
fn phases_replace_complete_and_failures_remove_phases() {
    let world = world(
        "[portfolios.A]\ncomplete = \"..2026-01-06\"\nphases = { 2026-01-07 = \"snapshot\" }
         failed = { 2026-01-06 = { risk = 2 } }\nquarantined = { 2026-01-05 = \"snapshot\" }",
    );
    let done = &world.portfolios[0].done;
    assert_eq!(
        done[&day("2026-01-07")],
        PhaseSet::from_phase(Phase::Snapshot)
    );
    assert_eq!(
        done[&day("2026-01-06")],
        PhaseSet::CELL_PHASES.without(Phase::Risk)
    );
    assert!(!done.contains_key(&day("2026-01-05")));
    let states: Vec<_> = world
        .failures()
        .into_iter()
        .map(|failure| (failure.phase, failure.state))
        .collect();
    assert_eq!(
        states,
        [
            (Phase::Snapshot, FailureState::Quarantined),
            (Phase::Risk, FailureState::Failed(2))
        ]
    );
}

#[test]
fn a_restored_portfolio_is_active_and_a_deleted_one_is_not() {
    let deleted = "deleted-at = 2026-01-02T09:00:00-05:00";
    let world = world(&format!(
        "[portfolios]\nA = {{ {deleted} }}
         B = {{ {deleted}, restored-at = 2026-01-05T09:00:00-05:00 }}"
    ));
    let active: Vec<_> = world
        .portfolios
        .iter()
        .map(|entry| entry.portfolio.lifecycle.is_active())
        .collect();
    assert_eq!(active, [false, true]);
    assert!(
        error_text("[portfolios]\nA = { restored-at = 2026-01-05T09:00:00-05:00 }")
            .contains("not deleted")
    );
}

#[test]
fn given_holdings_become_opening_transactions_and_nothing_is_made_up() {
    let world = world(
        "[portfolios.A]\ninception = 2026-01-03\ncash = 1_000\nholdings = { ACME = 100.5, NIMB = -5 }
         [prices]\nACME = { 2026-01-05 = 10.1, 2026-01-06 = \"missing\" }",
    );
    let sources = world.sources().unwrap();
    let transactions: Vec<_> = sources
        .transactions
        .iter()
        .map(|t| (t.kind, t.quantity.to_string(), t.day))
        .collect();
    let first = day("2026-01-05");
    assert_eq!(
        transactions,
        [
            (TransactionKind::Deposit, "0".to_owned(), first),
            (TransactionKind::Sell, "5".to_owned(), first),
            (TransactionKind::TransferIn, "100.5".to_owned(), first),
        ]
    );
    let short = &sources.transactions[1];
    assert!(short.price.is_some(), "a short sale has a price");
    let acme = world.listing.id("ACME").unwrap();
    let closes: Vec<_> = sources
        .closes
        .iter()
        .filter(|(id, ..)| *id == acme)
        .collect();
    assert_eq!(closes.len(), 1);
    assert_eq!(closes[0].2.to_string(), "10.1");
    assert!(
        error_text("[portfolios]\nA = { cash = 1, style = \"tech\" }")
            .contains("no history is generated")
    );
}

#[test]
fn a_close_of_the_made_up_market_can_be_set_or_removed() {
    let world = world("[prices.MKT]\n2026-01-06 = 1.25\n2026-01-07 = \"missing\"");
    let sources = world.sources().unwrap();
    let close = |text| {
        sources
            .closes
            .iter()
            .find(|(id, on, _)| *id == SecurityId(1) && *on == day(text))
    };
    assert_eq!(close("2026-01-06").unwrap().2.to_string(), "1.25");
    assert_eq!(close("2026-01-07"), None);
    assert!(close("2026-01-05").is_some());
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
    let error = read("[portfolios.A]\ncomplet = \"..2026-01-07\"").unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid world (did you mean `complete`?)"
    );
    let WorldError::Text { source, .. } = error else {
        panic!("{error}");
    };
    assert!(source.to_string().contains("line 4, column 1"), "{source}");
    for text in [
        "seeds = 1",
        "market.x = 1",
        "[[split]]\nx = 1",
        "[run-left-running]\nx = 1",
        "[prices.A]\nx = 1",
    ] {
        assert!(matches!(read(text), Err(WorldError::Text { .. })), "{text}");
    }
}

#[test]
fn unknown_names_are_refused_with_the_nearest_one() {
    let a = "[portfolios]\nAnna = {}\n";
    let sale = "day = 2026-01-06\nkind = \"withdrawal\"\namount = 1";
    for (text, hint) in [
        (
            "[portfolios]\nA = { holdings = { NIBM = 1 } }".to_owned(),
            "(did you mean `NIMB`?)",
        ),
        (
            "market.sectors = [\"Tecnology\"]".to_owned(),
            "(did you mean `Technology`?)",
        ),
        (
            format!("{a}[[transaction]]\nportfolio = \"Ana\"\n{sale}"),
            "(did you mean `Anna`?)",
        ),
    ] {
        let text = text.replace("market.sectors", "seed = 1\n[market]\nsectors");
        let text = format!("now = 2026-01-08T18:00:00-05:00\n{text}");
        let error = World::read(&text).unwrap_err().to_string();
        assert!(error.ends_with(hint), "{error}");
    }
}

#[test]
fn contradictions_are_refused() {
    for (text, part) in [
        ("\"A..C\" = {}\nB = {}", "duplicate portfolio `B`"),
        ("\"C..A\" = {}", "invalid portfolio name `C..A`"),
        (
            "A = { inception = 2025-12-01, closed = 2025-01-01 }",
            "invalid lifecycle of the portfolio `A`",
        ),
        (
            "A = { complete = \"..2026-01-09\" }",
            "after the last session",
        ),
        (
            "A = { inception = 2026-01-02, complete = [2026-01-01] }",
            "no session in the lifetime",
        ),
        (
            "A = { complete = 2026-01-04 }",
            "no session in the lifetime",
        ),
        (
            "A = { phases = { 2026-01-05 = \"risk\" } }",
            "without the snapshot",
        ),
        ("A = { currency = \"CHF\" }", "no pair of `CHF`"),
        (
            "A = {}\nB = { like = \"a\" }",
            "`B` cannot inherit from `a` (did you mean `A`?)",
        ),
        (
            "A = {}\nB = { like = \"A\" }\nC = { like = \"B\" }",
            "`C` cannot inherit from `B`",
        ),
        (
            "\"A..C\" = { name = \"D\" }",
            "`A..C` means several portfolios",
        ),
        (
            "A = { id = \"3c9f\" }",
            "invalid UUID `3c9f` of the portfolio `A`",
        ),
        (
            "A = { blocked = 2026-01-08, cash = 1 }",
            "`A` has `blocked` days",
        ),
        (
            "A = {}\n[[run]]\nstarted = 2026-01-08T02:00:00-05:00\nstate = \"running\"",
            "run 1 of the world is running",
        ),
    ] {
        let error = error_text(&format!("[portfolios]\n{text}"));
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(
        error_text("[[split]]\nsymbol = \"MKT\"\nday = 2026-01-04\nnew = 2\nold = 0")
            .contains("invalid split of `MKT`")
    );
}

#[test]
fn a_split_may_be_on_a_day_without_a_session() {
    let with_split = |day: &str| {
        let split = format!("[[split]]\nsymbol = \"MKT\"\nday = {day}\nnew = 2\nold = 1\n");
        let sources = world(&format!("{split}[portfolios]\nA = {{}}\n")).sources();
        sources.unwrap()
    };
    let (sunday, monday) = (with_split("2026-01-04"), with_split("2026-01-05"));
    let mut days = sunday.splits.iter().map(|split| split.day);
    assert!(days.any(|on| on == day("2026-01-04")));
    // The generated prices and holdings follow the split from the next session on.
    assert_eq!(sunday.closes, monday.closes);
    assert_eq!(sunday.transactions, monday.transactions);
}

#[test]
fn transactions_must_have_what_their_kind_needs() {
    let fault = |lines: &str| {
        error_text(&format!(
            "[portfolios]\nA = {{}}\n[[transaction]]\nportfolio = \"A\"\nday = 2026-01-06\n{lines}"
        ))
    };
    assert!(
        fault("kind = \"buy\"\nquantity = 1")
            .contains("transaction 1 of the world moves a holding and has no `symbol`")
    );
    assert!(
        fault("kind = \"sell\"\nsymbol = \"MKT\"\nquantity = -1")
            .contains("no `quantity` above zero")
    );
    assert!(fault("kind = \"fee\"").contains("has no `amount`"));
    assert!(fault("kind = \"deposit\"\namount = -1").contains("below zero"));
}

#[test]
fn the_lease_of_a_run_left_running_ends_a_minute_from_now() {
    let world = world("[run-left-running]\nlease = \"expired\"");
    let run = world.run_left_running.unwrap();
    assert_eq!((run.lease, run.target), (Lease::Expired, day("2026-01-08")));
    assert_eq!((world.now - run.lease_expires).num_minutes(), 1);
    assert!(run.started < run.lease_expires);
}

#[test]
fn complete_skips_sessions_removed_by_amendments() {
    let world = world(
        "calendar-amendments.closed = [2026-01-06]
         [portfolios]\nA = { inception = 2026-01-05, complete = \"..2026-01-07\" }",
    );
    assert_eq!(complete_days(&world, "A"), ["2026-01-05", "2026-01-07"]);
}

#[test]
fn a_known_security_keeps_the_keys_that_are_left_out() {
    let world = world(
        "[securities]\nEUBO = { class = \"bond\", currency = \"EUR\", multiplier = 0.01 }
         QLNT = { inactive-from = 2026-01-06 }",
    );
    let security = |symbol| world.listing.security(world.listing.id(symbol).unwrap());
    let (new, known) = (security("EUBO"), security("QLNT"));
    assert_eq!((new.class, new.currency.code()), (AssetClass::Bond, "EUR"));
    assert_eq!(new.multiplier.to_string(), "0.01");
    assert_eq!(
        (known.name.as_str(), known.sector.as_str()),
        ("Quillent Systems", "Technology")
    );
    assert!(!known.is_price_expected(day("2026-01-06")));
    let closes = world.sources().unwrap().closes;
    let days = |id| closes.iter().filter(|(of, ..)| *of == id).count();
    assert_eq!(days(new.id), days(SecurityId(1)));
}
