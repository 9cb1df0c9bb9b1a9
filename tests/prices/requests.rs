//! The closes that count as missing.

use plimsoll::app::RequestedCloses;

use crate::vendor::Books;

/// Returns the request for the books of a world, with `NIMB` held since 2026-01-06.
fn requested(world: &str) -> Vec<String> {
    let books = Books::new(
        &format!("now = 2026-01-08T18:00:00-05:00\n[risk]\nbenchmark = \"MKT\"\n{world}"),
        "empty",
        "",
        1,
    );
    books.fetch(RequestedCloses::Open);
    books.requested()
}

const NONE: [&str; 0] = [];

#[test]
fn closes_are_missing_while_a_security_is_held_and_can_have_them() {
    let gap = "2026-01-05 = \"missing\", 2026-01-06 = \"missing\", 2026-01-07 = \"missing\"";
    let held = "inception = 2026-01-06, cash = 1_000, holdings = { NIMB = 100 }";
    for (attributes, portfolio, expected) in [
        ("", held, vec!["NIMB 2026-01-06 2026-01-07"]),
        ("inactive-from = 2026-01-07", held, vec!["NIMB 2026-01-06"]),
        ("class = \"private\"", held, vec![]),
        ("", "inception = 2026-01-06, cash = 1_000", vec![]),
        (
            "",
            "inception = 2026-01-06, closed = 2026-01-06, cash = 1_000, holdings = { NIMB = 100 }",
            vec!["NIMB 2026-01-06"],
        ),
        (
            "",
            "inception = 2026-01-06, deleted-at = 2026-01-08T09:00:00-05:00, cash = 1_000, \
             holdings = { NIMB = 100 }",
            vec![],
        ),
    ] {
        let world = format!(
            "[securities]\nNIMB = {{ {attributes} }}\n[prices]\nNIMB = {{ {gap} }}\n\
             [portfolios]\nA = {{ {portfolio} }}\n"
        );
        assert_eq!(requested(&world), expected, "{attributes} {portfolio}");
    }
}

#[test]
fn a_day_on_which_the_security_is_closed_has_no_close() {
    // A holiday in Tokyo.
    let world = |calendar: &str| {
        format!(
            "now = 2026-01-13T18:00:00-05:00\n[risk]\nbenchmark = \"MKT\"\n[securities]\nNIMB = {{ {calendar} }}\n\
             [prices]\nNIMB = {{ 2026-01-12 = \"missing\" }}\n\
             [portfolios]\nA = {{ inception = 2026-01-06, cash = 1_000, holdings = {{ NIMB = 100 }} }}\n"
        )
    };
    for (calendar, expected) in [
        ("", vec!["NIMB 2026-01-12"]),
        ("calendar = \"XTKS\"", vec![]),
    ] {
        let books = Books::new(&world(calendar), "empty", "", 1);
        books.fetch(RequestedCloses::Open);
        assert_eq!(books.requested(), expected, "{calendar}");
    }
}

#[test]
fn a_pair_is_missing_where_no_other_way_makes_the_rate() {
    let world = |cross: &str, held: &str| {
        format!(
            "[securities]\nALPN = {{ currency = \"CHF\" }}\nCHFUSD = {{ class = \"fx\" }}\n\
             CHFGBP = {{ class = \"fx\", currency = \"GBP\" }}\nGBPUSD = {{ class = \"fx\" }}\n\
             [prices]\nCHFUSD = {{ 2026-01-06 = 1.25, 2026-01-08 = 1.25 }}\n\
             CHFGBP = {{ 2026-01-06 = 0.9, 2026-01-07 = 0.9, 2026-01-08 = 0.9 }}\n\
             GBPUSD = {{ 2026-01-06 = 1.3, {cross}2026-01-08 = 1.3 }}\n\
             [portfolios]\nA = {{ inception = 2026-01-06, cash = 1_000, holdings = {{ {held} }} }}\n"
        )
    };
    let with_cross = "2026-01-07 = 1.3, ";
    assert_eq!(requested(&world(with_cross, "ALPN = 100")), NONE);
    assert_eq!(
        requested(&world("", "ALPN = 100")),
        ["CHFUSD 2026-01-07", "GBPUSD 2026-01-07"]
    );
    assert_eq!(requested(&world("", "NIMB = 100")), NONE);
}

#[test]
fn a_benchmark_is_missing_from_the_first_inception_on() {
    let world = "[prices]\nMKT = { 2026-01-05 = \"missing\", 2026-01-07 = \"missing\" }\n\
                 [portfolios]\nA = { inception = 2026-01-06, cash = 1_000 }\n";
    assert_eq!(requested(world), ["MKT 2026-01-07"]);
}

#[test]
fn a_history_is_requested_under_the_current_symbol_unless_another_security_had_it() {
    let world = |other: &str| {
        format!(
            "[securities]\nMETA = {{ former-symbols = {{ 2026-01-07 = \"FB\" }} }}\n{other}\n\
             [prices]\nMETA = {{ 2026-01-07 = 100 }}\n\
             [portfolios]\nA = {{ inception = 2026-01-06, cash = 1_000, holdings = {{ META = 100 }} }}\n"
        )
    };
    assert_eq!(requested(&world("")), ["META 2026-01-06 2026-01-08"]);
    let other = "METV = { former-symbols = { 2026-01-07 = \"META\" } }";
    assert_eq!(
        requested(&world(other)),
        ["FB 2026-01-06", "META 2026-01-08"]
    );
}
