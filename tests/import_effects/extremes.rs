//! Rows at the edge of what imports accept: they stop no other portfolio. A row is refused, computed,
//! or fails the cells of its holders alone.

use std::collections::BTreeMap;

use plimsoll::domain::{Phase, RiskModel};
use plimsoll::import::apply::{ApplyError, FileKind, Mode};

use crate::books::{Books, day};

const SESSIONS: [&str; 5] = [
    "2026-01-05",
    "2026-01-06",
    "2026-01-07",
    "2026-01-08",
    "2026-01-09",
];

/// Returns a database of three portfolios: `A` and `B` hold `SAFE`, `Edge` holds nothing yet.
fn three_portfolios() -> Books {
    let books = Books::on(day("2026-01-09"), RiskModel::default());
    books.import(
        FileKind::Portfolios,
        "name,inception\nA,2026-01-05\nB,2026-01-05\nEdge,2026-01-05\n",
    );
    books.import(
        FileKind::Securities,
        "symbol,class\nSAFE,equity\nEDGE,equity\n",
    );
    books.import(FileKind::Prices, &closes("SAFE", "100", &SESSIONS));
    books.import(
        FileKind::Transactions,
        "id,portfolio,date,kind,symbol,quantity,price\n\
         a,A,2026-01-05,transfer-in,SAFE,10,100\nb,B,2026-01-06,transfer-in,SAFE,10,100\n",
    );
    books
}

fn closes(symbol: &str, close: &str, days: &[&str]) -> String {
    let rows = days.iter().map(|day| format!("{symbol},{day},{close}\n"));
    format!("symbol,date,close\n{}", rows.collect::<String>())
}

fn transfer_in(quantity: &str, price: &str) -> (FileKind, String) {
    let header = "id,portfolio,date,kind,symbol,quantity,price";
    let row = format!("edge,Edge,2026-01-05,transfer-in,EDGE,{quantity},{price}");
    (FileKind::Transactions, format!("{header}\n{row}\n"))
}

fn amount(kind: &str, amount: &str) -> (FileKind, String) {
    let header = "id,portfolio,date,kind,amount";
    let row = format!("edge-{kind},Edge,2026-01-05,{kind},{amount}");
    (FileKind::Transactions, format!("{header}\n{row}\n"))
}

fn actions(rows: &[&str]) -> (FileKind, String) {
    let header = "symbol,date,kind,new,old,received,cash,cost_share";
    (
        FileKind::Actions,
        format!("{header}\n{}\n", rows.join("\n")),
    )
}

fn price(close: &str) -> (FileKind, String) {
    (FileKind::Prices, closes("EDGE", close, &SESSIONS))
}

fn first_price(close: &str) -> (FileKind, String) {
    (FileKind::Prices, closes("EDGE", close, &SESSIONS[..1]))
}

fn portfolio(inception: &str, closed: &str) -> (FileKind, String) {
    let header = "name,inception,closed";
    (
        FileKind::Portfolios,
        format!("{header}\nOther,{inception},{closed}\n"),
    )
}

/// Files at the edge, by name. Those after the first of a name are imported in order.
fn edges() -> BTreeMap<&'static str, Vec<(FileKind, String)>> {
    let future = "symbol,class,multiplier\nEDGE,future,1000000000\n";
    let foreign = "symbol,class,currency\nEDGE,equity,EUR\nEURUSD,fx,USD\n";
    let rate = |rate| (FileKind::Prices, closes("EURUSD", rate, &SESSIONS));
    BTreeMap::from([
        (
            "large quantity",
            vec![price("1"), transfer_in("92233720368", "1")],
        ),
        (
            "large price",
            vec![price("90000000000"), transfer_in("1", "1")],
        ),
        (
            "large value",
            vec![price("90000000000"), transfer_in("90000000000", "1")],
        ),
        (
            "large cost",
            vec![price("1"), transfer_in("90000000000", "90000000000")],
        ),
        (
            "small price",
            vec![
                price("0.000000000000000001"),
                transfer_in("0.000000000000000001", "0.000000000000000001"),
            ],
        ),
        ("zero price", vec![price("0"), transfer_in("10", "1")]),
        (
            "large multiplier",
            vec![
                (FileKind::Securities, future.to_owned()),
                price("-90000000000"),
                transfer_in("10", "10"),
            ],
        ),
        (
            "small rate",
            vec![
                (FileKind::Securities, foreign.to_owned()),
                rate("0.000000000000000001"),
                price("1"),
                transfer_in("1", "1"),
            ],
        ),
        (
            "large rate",
            vec![
                (FileKind::Securities, foreign.to_owned()),
                rate("90000000000"),
                price("90000000000"),
                transfer_in("90000000000", "1"),
            ],
        ),
        (
            "large cash",
            vec![
                amount("deposit", "92233720368"),
                amount("interest", "92233720368547"),
                amount("fee", "92233720368547"),
            ],
        ),
        (
            "large withdrawal",
            vec![amount("withdrawal", "922337203685477")],
        ),
        (
            "reverse splits without a close",
            vec![
                first_price("90000000000"),
                transfer_in("1000", "1"),
                actions(&[
                    "EDGE,2026-01-06,split,1,99991,,,",
                    "EDGE,2026-01-07,split,1,99991,,,",
                ]),
            ],
        ),
        (
            "splits without a close",
            vec![
                first_price("100"),
                transfer_in("10", "1"),
                actions(&[
                    "EDGE,2026-01-06,split,99991,1,,,",
                    "EDGE,2026-01-07,split,99991,1,,,",
                    "EDGE,2026-01-08,split,99991,1,,,",
                ]),
            ],
        ),
        (
            "large merger",
            vec![
                price("1"),
                transfer_in("10", "1"),
                actions(&["EDGE,2026-01-07,merger,4000000000,1,SAFE,90000000000,"]),
            ],
        ),
        (
            "large spin-off",
            vec![
                price("1"),
                transfer_in("90000000000", "1"),
                actions(&["EDGE,2026-01-07,spin-off,4000000000,1,SAFE,,0.5"]),
            ],
        ),
        (
            "large payments",
            vec![
                price("1"),
                transfer_in("90000000000", "1"),
                actions(&[
                    "EDGE,2026-01-06,return-of-capital,,,,90000000000,",
                    "EDGE,2026-01-08,delisting,,,,90000000000,",
                ]),
            ],
        ),
        (
            "inception before the calendar",
            vec![portfolio("1900-01-02", "")],
        ),
        (
            "inception in the far future",
            vec![portfolio("2199-12-31", "")],
        ),
        (
            "closing day in the far future",
            vec![portfolio("2026-01-05", "2199-12-31")],
        ),
        (
            "closes at the ends of all days",
            vec![(
                FileKind::Prices,
                closes("EDGE", "1", &["1900-01-02", "2199-12-31", "2026-01-05"]),
            )],
        ),
        (
            "splits at the ends of all days",
            vec![
                price("1"),
                transfer_in("10", "1"),
                actions(&[
                    "EDGE,1900-01-02,split,99991,1,,,",
                    "EDGE,2199-12-31,split,1,99991,,,",
                ]),
            ],
        ),
    ])
}

#[test]
fn an_extreme_row_stops_no_other_portfolio() {
    for (name, files) in edges() {
        let books = three_portfolios();
        books.run();
        let mut rows = 0;
        for (kind, text) in files {
            let imported = match books.try_import(kind, &text, Mode::Apply) {
                // A refused file is the other right answer.
                Err(ApplyError::Import(_)) => continue,
                imported => imported.unwrap(),
            };
            rows += imported.counts.added + imported.counts.corrected;
        }
        let outcome = books.run();
        assert!(
            outcome.certificate.is_valid(),
            "{name}: {:?}",
            outcome.certificate
        );
        let ledger = books.ledger();
        for session in SESSIONS {
            let done = &ledger[&(day(session), Phase::Risk)];
            assert!(
                done.contains(1) && done.contains(2),
                "{name} on {session}, {rows} rows"
            );
        }
        let mut failures = outcome.failures.iter();
        assert!(
            failures.all(|failure| failure.cell.portfolio.0 > 2),
            "{name}"
        );
    }
}

#[test]
fn a_price_that_does_not_fit_is_named_with_its_symbol() {
    let books = three_portfolios();
    for (kind, text) in edges().remove("reverse splits without a close").unwrap() {
        books.import(kind, &text);
    }
    let outcome = books.run();
    let reasons: Vec<_> = (outcome.failures.iter())
        .map(|failure| &failure.reason)
        .collect();
    // A session's books begin with the value on the session before.
    let expected = ["2026-01-07", "2026-01-07", "2026-01-08"].map(|day| {
        format!("the price of `EDGE`, carried through splits, is out of range on `{day}`")
    });
    assert!(reasons.iter().copied().eq(&expected), "{reasons:?}");
}
