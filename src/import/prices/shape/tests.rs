//! Tests of the detection of shapes.

use super::*;

fn shape(header: &str) -> Option<Shape> {
    let names: Vec<String> = header.split(',').map(str::to_owned).collect();
    let trailing = names.len() > 1 && names.last().is_some_and(String::is_empty);
    let names = &names[..names.len() - usize::from(trailing)];
    Shape::detect(names, trailing)
}

#[test]
fn detects_every_shape_by_its_own_header() {
    for known in Shape::ALL {
        assert_eq!(shape(known.header()), Some(known), "{}", known.header());
        let upper = known.header().to_uppercase();
        assert_eq!(shape(&upper), Some(known), "{upper}");
        let names: Vec<String> = upper.split(',').map(str::to_owned).collect();
        assert_eq!(known.check_columns(&names), Ok(()), "{upper}");
    }
}

#[test]
fn distinguishes_the_yfinance_variants() {
    let history = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits";
    assert_eq!(shape(history), Some(Shape::Yfinance));
    let levels = "Price,Close,High,Low,Open,Volume";
    assert_eq!(shape(levels), Some(Shape::Yfinance));
    let unadjusted = "Price,Adj Close,Close,High,Low,Open,Volume";
    assert_eq!(shape(unadjusted), Some(Shape::Yahoo));
}

#[test]
fn an_index_without_a_volume_is_still_stooq() {
    assert_eq!(shape("Date,Open,High,Low,Close"), Some(Shape::Stooq));
}

#[test]
fn tickers_named_like_columns_are_symbols() {
    assert_eq!(shape("date,OPEN,LOW,AAPL"), Some(Shape::Wide));
}

#[test]
fn an_unknown_header_has_no_shape() {
    for header in [
        "date,symbol,price",
        "date,close",
        "date",
        "day,AAPL",
        "date,AAPL,currency",
    ] {
        assert_eq!(shape(header), None, "{header}");
    }
}

#[test]
fn a_column_with_symbols_leaves_the_shape_and_other_columns_are_refused() {
    assert_eq!(shape("ticker,date,close"), Some(Shape::Long));
    let stacked = "Date,Ticker,Close,High,Low,Open,Volume";
    assert_eq!(shape(stacked), Some(Shape::Yfinance));
    let first = "Ticker,Date,Open,High,Low,Close,Adjusted_close,Volume";
    assert_eq!(shape(first), Some(Shape::Eodhd));
    let names = ["symbol", "date", "close", "Clsoe"].map(str::to_owned);
    assert!(matches!(
        Shape::Long.check_columns(&names),
        Err(Refusal::UnknownColumn { column, nearest: Some(nearest), .. })
            if column == "Clsoe" && nearest == "close"
    ));
}

#[test]
fn only_currencies_and_a_trailing_separator_are_ecb_rates() {
    assert_eq!(shape("Date,USD,JPY,"), Some(Shape::EcbRates));
    assert_eq!(shape("Date,USD,JPY"), Some(Shape::Wide));
    assert_eq!(shape("date,AAPL,MSFT,"), Some(Shape::Wide));
}
