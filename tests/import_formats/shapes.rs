//! Detects and reads price files of every shape.

use plimsoll::domain::{SecurityId, Split};
use plimsoll::import::{Basis, ImportOptions, Refusal, Shape, read_prices, validate_prices};

use crate::{RULES, accepted_changes, bytes, closes, existing_records, expected_closes};

#[test]
fn every_shape_is_detected_and_gives_the_same_closes() {
    let aapl = expected_closes(&[(1, "2026-01-05", "200.5"), (1, "2026-01-06", "201")]);
    for (file, shape, basis) in [
        ("aapl_us_d.csv", Shape::Stooq, Basis::SplitAdjusted),
        ("aapl.us.txt", Shape::StooqBulk, Basis::SplitAdjusted),
        ("AAPL.csv", Shape::Yahoo, Basis::SplitAdjusted),
        (
            "yfinance_download.csv",
            Shape::Yfinance,
            Basis::SplitAdjusted,
        ),
        ("daily_AAPL.csv", Shape::AlphaVantage, Basis::Raw),
        (
            "daily_adjusted_AAPL.csv",
            Shape::AlphaVantageAdjusted,
            Basis::Raw,
        ),
    ] {
        let body = bytes(&format!("prices/{file}"));
        let rows = read_prices(file, &body, &ImportOptions::default()).unwrap();
        assert_eq!((rows.shape, rows.basis), (shape, basis), "{file}");
        assert_eq!(
            closes(file, &body, &ImportOptions::default()),
            aapl,
            "{file}"
        );
    }
}

#[test]
fn vendors_with_currency_signs_and_groups_are_read() {
    let nasdaq = "Date,Close/Last,Volume,Open,High,Low\n01/06/2026,\"$1,201.00\",1,$1.00,$1.00,$1.00\n\
        01/05/2026,$200.50,1,$1.00,$1.00,$1.00\n";
    let investing = "\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n\
        \"01/20/2026\",\"1,201.00\",\"1\",\"1\",\"1\",\"1.2M\",\"0.10%\"\n\
        \"01/05/2026\",\"200.50\",\"1\",\"1\",\"1\",\"1.2M\",\"-0.10%\"\n";
    let journal = "P 2026-01-05 AAPL $200.50\n2026-01-06 price AAPL 1,201.00 USD\n";
    let options = ImportOptions::default();
    for (file, body, shape, days) in [
        (
            "AAPL.csv",
            nasdaq,
            Shape::Nasdaq,
            ["2026-01-05", "2026-01-06"],
        ),
        (
            "AAPL.csv",
            investing,
            Shape::Investing,
            ["2026-01-05", "2026-01-20"],
        ),
        (
            "my.prices",
            journal,
            Shape::Journal,
            ["2026-01-05", "2026-01-06"],
        ),
    ] {
        let rows = read_prices(file, body.as_bytes(), &options).unwrap();
        assert_eq!(rows.shape, shape);
        let read = rows.lines.iter().map(|line| line.row.as_ref().unwrap());
        let mut read: Vec<_> = read
            .map(|row| {
                (
                    row.symbol.to_string(),
                    row.day.to_string(),
                    row.close.to_string(),
                )
            })
            .collect();
        read.sort();
        let row = |day: &str, close: &str| ("AAPL".to_owned(), day.to_owned(), close.to_owned());
        assert_eq!(
            read,
            [row(days[0], "200.50"), row(days[1], "1201.00")],
            "{shape}"
        );
    }
}

#[test]
fn long_and_wide_forms_give_the_same_closes() {
    let mut both = expected_closes(&[
        (1, "2026-01-05", "200.5"),
        (1, "2026-01-06", "201"),
        (2, "2026-01-05", "400"),
        (2, "2026-01-06", "402.25"),
    ]);
    let options = ImportOptions::default();
    assert_eq!(
        closes("long.csv", &bytes("prices/long.csv"), &options),
        both
    );
    let two = bytes("prices/yfinance_two_symbols.csv");
    assert_eq!(closes("two.csv", &two, &options), both);
    both.extend(expected_closes(&[(2, "2026-01-07", "403")]));
    assert_eq!(
        closes("wide.csv", &bytes("prices/wide.csv"), &options),
        both
    );
}

#[test]
fn a_declared_symbol_is_used_when_the_file_names_none() {
    let body = bytes("prices/yfinance_history.csv");
    let options = ImportOptions {
        symbol: Some("AAPL".to_owned()),
        ..ImportOptions::default()
    };
    assert_eq!(closes("history.csv", &body, &options).len(), 2);
    let nameless = read_prices(".csv", &body, &ImportOptions::default()).unwrap_err();
    assert!(matches!(nameless.refusal, Refusal::MissingSymbol { .. }));
}

#[test]
fn a_declared_basis_overrides_the_shape_and_its_warning() {
    let body = bytes("prices/aapl_us_d.csv");
    let read = |basis| {
        let options = ImportOptions {
            basis,
            ..ImportOptions::default()
        };
        read_prices("aapl_us_d.csv", &body, &options).unwrap()
    };
    assert!(read(None).warning.is_some());
    let declared = read(Some(Basis::Raw));
    assert_eq!((declared.basis, declared.warning), (Basis::Raw, None));
}

#[test]
fn reads_byte_order_mark_semicolons_and_day_first_dates() {
    let closes = closes(
        "european.csv",
        &bytes("prices/european.csv"),
        &ImportOptions::default(),
    );
    let expected = expected_closes(&[
        (1, "2026-01-05", "200.5"),
        (1, "2026-01-06", "201"),
        (2, "2026-01-05", "400"),
        (2, "2026-01-13", "410"),
    ]);
    assert_eq!(closes, expected);
}

#[test]
fn raw_closes_of_tiingo_and_eodhd_are_not_multiplied_by_splits() {
    let split = Split {
        security: SecurityId(1),
        day: "2026-01-06".parse().unwrap(),
        new: 4,
        old: 1,
    };
    let known = existing_records().with_splits([split]);
    for header in [Shape::Tiingo.header(), Shape::Eodhd.header()] {
        let columns = header.split(',');
        let fields = columns.map(|column| match column.to_lowercase().as_str() {
            "date" => "2026-01-05",
            "close" => "185.56",
            _ => "46.39",
        });
        let row: Vec<&str> = fields.collect();
        let text = format!("{header}\n{}\n", row.join(","));
        let rows = read_prices("AAPL.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        let closes = accepted_changes(validate_prices(&rows, &known, RULES)).closes;
        assert_eq!(closes[0].price.to_string(), "185.56", "{header}");
    }
}

#[test]
fn a_column_with_symbols_is_used_and_an_unknown_column_refused() {
    let stacked = b"Date,Ticker,Close,High,Low,Open,Volume\n\
        2026-01-05,AAPL,270,1,1,1,1\n2026-01-06,MSFT,470,1,1,1,1\n";
    let options = ImportOptions::default();
    let expected = expected_closes(&[(1, "2026-01-05", "270"), (2, "2026-01-06", "470")]);
    assert_eq!(closes("AAPL.csv", stacked, &options), expected);
    let unknown = b"Date,Name,Close,High,Low,Open,Volume\n2026-01-05,MSFT,470,1,1,1,1\n";
    let error = read_prices("AAPL.csv", unknown, &options).unwrap_err();
    assert!(matches!(error.refusal, Refusal::UnknownColumn { column, .. } if column == "Name"));
    let long = b"symbol,date,close,venue\nAAPL,2026-01-05,1,X\n";
    let error = read_prices("long.csv", long, &options).unwrap_err();
    assert!(matches!(error.refusal, Refusal::UnknownColumn { column, .. } if column == "venue"));
}

#[test]
fn a_line_with_a_dividend_alone_has_no_close() {
    let text = b"Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n\
        2026-01-02,10,10,10,10,10,1,0.0,0.0\n\
        2026-01-05,,,,,,,0.25,0.0\n\
        2026-01-06,10,10,10,10.5,10.5,1,0.0,0.0\n";
    assert_eq!(closes("AAPL.csv", text, &ImportOptions::default()).len(), 2);
    let partial = b"Date,Open,High,Low,Close,Volume\n2026-01-05,10,10,10,,1\n";
    let rows = read_prices("AAPL.csv", partial, &ImportOptions::default()).unwrap();
    assert!(rows.lines[0].row.is_err());
}

#[test]
fn rates_of_the_central_bank_are_pairs_with_the_euro() {
    let text = b"Date,USD,JPY,BGN,\n2026-01-06,1.17,186.75,N/A,\n2026-01-05,1.16,186.25,1.9558,\n";
    let rows = read_prices("eurofxref-hist.csv", text, &ImportOptions::default()).unwrap();
    assert_eq!(rows.shape, Shape::EcbRates);
    let symbols: Vec<String> = rows
        .lines
        .iter()
        .map(|line| line.row.as_ref().unwrap().symbol.to_string())
        .collect();
    assert_eq!(symbols, ["EURUSD", "EURJPY", "EURUSD", "EURJPY", "EURBGN"]);
}

#[test]
fn decimal_commas_are_understood_where_they_are_proven() {
    let text = b"symbol;date;close\nAAPL;05.01.2026;10,50\nAAPL;13.01.2026;1.234,50\n";
    let rows = read_prices("x.csv", text, &ImportOptions::default()).unwrap();
    let closes: Vec<String> = rows
        .lines
        .iter()
        .map(|line| line.row.as_ref().unwrap().close.to_string())
        .collect();
    assert_eq!(closes, ["10.50", "1234.50"]);
}
