//! Imports price files of vendors with currency signs and groups of thousands, and journals: the verdict
//! of a good row and of each bad one, and of the same file again.

use plimsoll::import::apply::{FileKind, ImportResult, Mode};
use plimsoll::import::{ImportOptions, Verdict};

use crate::books::Books;
use crate::profiles::books;

/// Imports the prices of one security, and returns each row with its verdict.
fn import(books: &Books, text: &str, symbol: Option<&str>) -> (ImportResult, Vec<String>) {
    let options = ImportOptions {
        symbol: symbol.map(str::to_owned),
        ..ImportOptions::default()
    };
    let result = books
        .import_with(FileKind::Prices, text, Mode::Apply, &options)
        .unwrap();
    let rows = result.verdicts.iter().map(|row| match &row.verdict {
        Verdict::Invalid(errors) => format!("{}: {}", row.line, errors[0]),
        Verdict::Added => format!("{}: added", row.line),
        other => format!("{}: {other:?}", row.line),
    });
    let rows = rows.collect();
    (result, rows)
}

/// Returns the stored close of a symbol and day that are given as `SYMBOL DAY`.
fn close(books: &Books, key: &str) -> Option<String> {
    let (symbol, day) = key.split_once(' ').unwrap();
    let securities = books.read(|reading| reading.securities().all());
    let security = securities.iter().find(|known| known.symbol == symbol);
    let security = security.unwrap().id;
    let close = books.read(|reading| reading.closes().get(security, day.parse().unwrap()));
    close.map(|close| close.to_string())
}

/// Imports a file twice. The snapshot has the verdict of each row.
fn assert_imported_once(shape: &str, text: &str, symbol: Option<&str>, stored: &[(&str, &str)]) {
    let books = books();
    let (_, rows) = import(&books, text, symbol);
    insta::assert_snapshot!(shape, rows.join("\n"));
    for (key, expected) in stored {
        assert_eq!(close(&books, key).as_deref(), Some(*expected), "{key}");
    }
    let (again, _) = import(&books, text, symbol);
    let (added, same) = (again.counts.added, again.counts.same);
    assert_eq!((added, same), (0, stored.len()));
}

#[test]
fn nasdaq() {
    let text = "Date,Close/Last,Volume,Open,High,Low\n\
        01/12/2026,\"$1,201.00\",1,$1.00,$1.00,$1.00\n\
        01/09/2026,$1199.5,1,$1.00,$1.00,$1.00\n\
        01/08/2026,,1,$1.00,$1.00,$1.00\n\
        01/07/2026,\"$1,2.00\",1,$1.00,$1.00,$1.00\n\
        13/06/2026,$1200.00,1,$1.00,$1.00,$1.00\n\
        01/05/2026,-$1200.00,1,$1.00,$1.00,$1.00\n\
        01/02/2026,N/A,0,N/A,N/A,N/A\n";
    assert_imported_once(
        "nasdaq",
        text,
        Some("AAPL"),
        &[("AAPL 2026-01-09", "1199.5"), ("AAPL 2026-01-12", "1201")],
    );
}

#[test]
fn investing() {
    let text = "\u{feff}\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n\
        \"01/20/2026\",\"1,201.00\",\"1\",\"1\",\"1\",\"1.2M\",\"0.10%\"\n\
        \"01/12/2026\",\"1,199.5\",\"1\",\"1\",\"1\",\"\",\"-0.10%\"\n\
        \"01/09/2026\",\"\",\"1\",\"1\",\"1\",\"1.2M\",\"0.10%\"\n\
        \"01/08/2026\",\"1.2M\",\"1\",\"1\",\"1\",\"1.2M\",\"0.10%\"\n\
        \"Jan 07, 2026\",\"1\",\"1\",\"1\",\"1\",\"1.2M\",\"0.10%\"\n";
    assert_imported_once(
        "investing",
        text,
        Some("AAPL"),
        &[("AAPL 2026-01-12", "1199.5"), ("AAPL 2026-01-20", "1201")],
    );
}

#[test]
fn hledger() {
    let text = "; closes\n\
        P 2026-01-05 AAPL $1,200.50\n\
        P 2026/01/06 00:00:00 \"AAPL\" 1,201 USD  ; close\n\
        \n\
        P 2026-01-06 SAP.DE €230.5\n\
        P 2026-01-06 € 1.17 USD\n\
        P 2026-01-07 AAPL 1,202 EUR\n\
        P 2026-01-07 APPL $1202\n\
        P 2026-01-32 AAPL $1202\n\
        P 2026-01-07 AAPL 1202\n\
        P 2026-01-07 AAPL $12-02\n\
        P 2026-01-07 AAPL $-1202\n\
        account assets:broker\n";
    assert_imported_once(
        "hledger",
        text,
        None,
        &[
            ("AAPL 2026-01-05", "1200.5"),
            ("AAPL 2026-01-06", "1201"),
            ("EURUSD 2026-01-06", "1.17"),
            ("SAP.DE 2026-01-06", "230.5"),
        ],
    );
}

#[test]
fn beancount() {
    let text = "* Prices\n\
        2026-01-05 price AAPL 1,200.50 USD\n  source: \"vendor\"\n\
        2026-01-05 price EUR 1.17 USD ; rate\n\
        2026-01-06 price AAPL 1200 USD extra\n\
        2026-01-06 price AAPL soon USD\n\
        2026-01-06 price AAPL 1200\n\
        2026-01-06 open Assets:Broker\n";
    assert_imported_once(
        "beancount",
        text,
        None,
        &[("AAPL 2026-01-05", "1200.5"), ("EURUSD 2026-01-05", "1.17")],
    );
}
