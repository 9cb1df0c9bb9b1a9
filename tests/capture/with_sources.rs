//! States captured with their sources give the same books.

use plimsoll::capture::{CaptureExtent, State, capture_books};
use plimsoll::environment::Environment;
use plimsoll::plan::PolicyName;
use plimsoll::scenario::world::World;

use crate::harness::{Harness, JAN_8, harness, nightly};
use crate::round_trips::EVERYTHING;
use crate::support::plan_decisions;

fn capture_state(harness: &Harness) -> State {
    let environment = Environment::fixed(harness.environment.clock.now(), 1);
    capture_books(
        &harness.store,
        &harness.settings,
        &environment,
        CaptureExtent::WithSources,
    )
    .unwrap()
}

fn capture_toml(harness: &Harness) -> String {
    capture_state(harness).to_world_toml().unwrap()
}

/// Returns the rows of the public views. Ids of securities are left out, since they depend on the
/// order of import.
fn read_views(harness: &Harness) -> Vec<String> {
    let connection = rusqlite::Connection::open(harness.path()).unwrap();
    let mut lines = Vec::new();
    for (view, order) in [
        ("books", "1, 3"),
        ("concentrations", "1, 3"),
        ("risks", "1, 3"),
        ("closes", "1, 2"),
        ("transactions", "reference"),
        ("coverage", "1, 2"),
    ] {
        let sql = format!("SELECT * FROM {view} ORDER BY {order}");
        let mut statement = connection.prepare(&sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values = (0..columns).map(|at| match row.get_ref(at).unwrap() {
                // Sums depend on the order of securities in their last digits.
                rusqlite::types::ValueRef::Real(number) => format!("{number:.9}"),
                other => format!("{other:?}"),
            });
            Ok(format!("{view} {}", values.collect::<Vec<_>>().join(" ")))
        });
        lines.extend(rows.unwrap().map(Result::unwrap));
    }
    lines
}

fn assert_same_books(original: &Harness, text: &str) -> Harness {
    let loaded = harness(text);
    for policy in PolicyName::ALL {
        assert_eq!(
            plan_decisions(&loaded, policy),
            plan_decisions(original, policy),
            "{policy}"
        );
    }
    assert!(read_views(original) == read_views(&loaded), "other books");
    loaded
}

#[test]
fn incident_with_sources_gives_same_books_before_and_after_run() {
    let original = harness(JAN_8);
    let text = capture_toml(&original);
    assert!(text.contains("\nsources = \"given\"\n"), "{text}");
    let loaded = assert_same_books(&original, &text);
    assert_eq!(capture_toml(&loaded), text, "captured again");
    original.run(&nightly());
    loaded.run(&nightly());
    assert!(
        read_views(&original) == read_views(&loaded),
        "other books after a night"
    );
    let again = harness(&capture_toml(&loaded));
    assert!(
        again.output_rows() == loaded.output_rows(),
        "a third capture must give equal bytes"
    );
}

#[test]
fn blocked_cells_follow_from_prices() {
    let text = capture_toml(&harness(EVERYTHING));
    let waits = |line: &str| line.contains(", blocked = ");
    assert!(!text.lines().any(waits));
    assert_same_books(&harness(EVERYTHING), &text);
}

const SPLIT: &str = r#"
now = 2026-01-08T18:00:00-05:00
sources = "given"

[risk]
benchmark = "IDX"

[securities]
"B.RK" = { name = "A \"quoted\" name", sector = "Private matters", multiplier = 0.5 }
IDX = { class = "index", inactive-from = 2026-01-08 }
EURUSD = { class = "fx" }

[prices."B.RK"]
2026-01-05 = 10.5
2026-01-06 = 5.25
2026-01-07 = 5.5

[prices.EURUSD]
2026-01-05 = 1.08

[prices.IDX]
2026-01-05 = 100

[portfolios]
A = { inception = 2026-01-05, complete = "..2026-01-06", currency = "EUR", cash = 100, holdings = { "B.RK" = 10 } }
Nothing = { inception = 2026-01-05 }

[[transaction]]
portfolio = "A"
day = 2026-01-06
kind = "sell"
symbol = "B.RK"
quantity = 4
price = 5.2
fee = 0.25
reference = "secret slip"

[[split]]
symbol = "B.RK"
day = 2026-01-06
new = 2
old = 1
"#;

#[test]
fn every_kind_of_source_is_written_and_read() {
    let text = capture_toml(&harness(SPLIT));
    let loaded = assert_same_books(&harness(SPLIT), &text);
    assert_eq!(capture_toml(&loaded), text);
    insta::assert_snapshot!(text, @r#"
    # Captured from a Plimsoll database at 2026-01-08T18:00:00-05:00.
    # 2 portfolios, 2 complete cells (invalidated ones included).
    # Transactions, prices and the risk model are the original ones.

    now = 2026-01-08T18:00:00-05:00
    calendar = "new-york"
    sources = "given"

    transaction = [
      { portfolio = "A", day = 2026-01-05, kind = "deposit", amount = 100, reference = "A/2026-01-05/00" },
      { portfolio = "A", day = 2026-01-05, kind = "transfer-in", symbol = "B.RK", quantity = 10, reference = "A/2026-01-05/01" },
      { portfolio = "A", day = 2026-01-06, kind = "sell", symbol = "B.RK", quantity = 4, price = 5.2, fee = 0.25, reference = "secret slip" },
    ]

    [portfolios]
    A       = { inception = 2026-01-05, currency = "EUR", complete = "..2026-01-06" }
    Nothing = { inception = 2026-01-05 }

    [securities]
    "B.RK" = { name = "A \"quoted\" name", class = "equity", sector = "Private matters", multiplier = 0.5 }
    EURUSD = { class = "fx" }
    IDX    = { class = "index", inactive-from = 2026-01-08 }

    [[split]]
    symbol = "B.RK"
    day = 2026-01-06
    new = 2
    old = 1

    [risk]
    benchmark = "IDX"

    [prices."B.RK"]
    2026-01-05 = 10.5
    2026-01-06 = 5.25
    2026-01-07 = 5.5

    [prices.EURUSD]
    2026-01-05 = 1.08

    [prices.IDX]
    2026-01-05 = 100
    "#);
}

#[test]
fn scrubbed_sources_keep_amounts_without_names() {
    let text = capture_state(&harness(SPLIT))
        .scrubbed()
        .to_world_toml()
        .unwrap();
    for secret in [
        "B.RK",
        "quoted",
        "IDX",
        "secret",
        "portfolio = \"A\"",
        "Nothing",
    ] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    assert!(text.contains("5.25"), "{text}");
    let loaded = harness(&text);
    let again = capture_state(&loaded).scrubbed().to_world_toml().unwrap();
    assert_eq!(again, text);
    let navs = |harness: &Harness| -> Vec<String> {
        let books = read_views(harness).into_iter();
        let books = books.filter(|line| line.starts_with("concentrations"));
        books
            .map(|line| line.rsplit(' ').take(4).collect())
            .collect()
    };
    assert_eq!(navs(&loaded), navs(&harness(SPLIT)));
}

#[test]
fn synthetic_keys_are_refused_with_given_sources() {
    let start = "now = 2026-01-08T18:00:00-05:00\nsources = \"given\"\n";
    for (text, said) in [
        ("[market]\nshares = 3\n", "`shares` of the market"),
        ("[market]\nfrom = 2025-01-02\n", "`from` of the market"),
        (
            "[portfolios]\nA = { style = \"cash\" }\n",
            "`style` of the portfolio `A`",
        ),
        (
            "[portfolios]\nA = { blocked = 2026-01-08 }\n",
            "`blocked` of the portfolio `A`",
        ),
    ] {
        let error = World::read(&format!("{start}{text}")).unwrap_err();
        let expected = format!("{said} generates sources, but the world has `sources = \"given\"`");
        assert_eq!(error.to_string(), expected);
    }
}
