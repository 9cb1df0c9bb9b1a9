//! Detects and reads price files of every shape.

use plimsoll::import::{Basis, ImportOptions, Refusal, Shape, read_prices};

use crate::{bytes, closes, expected_closes};

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
