//! Finds the columns of a price file that hold dates, symbols, currencies and closes.

use std::sync::Arc;

use super::shape::{Shape, normalize};
use crate::import::error::Refusal;
use crate::import::table::{Record, Table};

/// The shape of a price file, and its column indices from 0.
pub(super) struct Layout {
    pub(super) shape: Shape,
    pub(super) date: usize,
    pub(super) closes: Closes,
    /// The column with the currency of the closes.
    pub(super) currency: Option<usize>,
    /// Number of records at the start that belong to the header.
    pub(super) skipped: usize,
    /// The column with the period of Stooq's files, where `D` means daily.
    pub(super) period: Option<usize>,
    /// The column with the time of day of Stooq's files.
    pub(super) time: Option<usize>,
    /// The columns with prices of the day in a vendor's file. A line without any of them, such as
    /// that of a dividend, has no close.
    pub(super) day_prices: Vec<usize>,
}

/// Arrangement of the closes in a price file.
pub(super) enum Closes {
    /// One close a line, with a column for its symbol.
    ByLine { symbol: usize, close: usize },
    /// Columns of closes, each with its symbol.
    ByColumn(Vec<(usize, Arc<str>)>),
}

impl Layout {
    /// Detects the layout from the header. `declared` is the symbol that the user declared for a
    /// file of one symbol, `named` the one in the file's name.
    pub(super) fn detect(
        table: &Table,
        declared: Option<&str>,
        named: Option<&str>,
    ) -> Result<Self, Refusal> {
        let unknown = || Refusal::UnknownHeader {
            found: table.header_text(),
            known: Shape::catalogue(),
        };
        let shape = Shape::detect(&table.header, table.trailing_separator).ok_or_else(unknown)?;
        shape.check_columns(&table.header)?;
        let column = |names: &[&str]| unique_column(table, names);
        let dates = ["date", "datetime", "timestamp", "<date>"];
        let (date, closes) = match shape {
            Shape::Wide => (0, Closes::ByColumn(wide_columns(table, "")?)),
            Shape::EcbRates => (0, Closes::ByColumn(wide_columns(table, "EUR")?)),
            _ => {
                // The first column of yfinance's files is named `Price` and holds the dates.
                let date = column(&dates)?.unwrap_or(0);
                match column(&["symbol", "ticker", "<ticker>"])? {
                    Some(symbol) => {
                        let close = column(&[shape.close_column()])?.ok_or_else(unknown)?;
                        (date, Closes::ByLine { symbol, close })
                    }
                    None => {
                        let symbol = declared.or(named);
                        (
                            date,
                            Closes::ByColumn(vendor_columns(table, shape, symbol)?),
                        )
                    }
                }
            }
        };
        let is_symbol_in_file = match &closes {
            Closes::ByLine { .. } => true,
            Closes::ByColumn(_) => shape.is_wide() || ticker_row(table, shape).is_some(),
        };
        if let Some(symbol) = declared.filter(|_| is_symbol_in_file) {
            return Err(Refusal::SymbolInFile {
                symbol: symbol.to_owned(),
            });
        }
        let is_day_price = |(_, name): &(usize, &String)| {
            ["open", "high", "low", shape.close_column()].contains(&normalize(name).as_str())
        };
        let day_prices = table.header.iter().enumerate().filter(is_day_price);
        Ok(Self {
            shape,
            date,
            closes,
            currency: if shape.is_wide() {
                None
            } else {
                column(&["currency"])?
            },
            skipped: header_rows(table, shape).count(),
            period: table.column("<per>"),
            time: table.column("<time>"),
            day_prices: match shape {
                Shape::Long | Shape::Wide | Shape::EcbRates | Shape::StooqBulk => Vec::new(),
                _ => day_prices.map(|(at, _)| at).collect(),
            },
        })
    }
}

/// Returns the column with one of these names; an error if there are several.
fn unique_column(table: &Table, names: &[&str]) -> Result<Option<usize>, Refusal> {
    let columns = table.header.iter().enumerate();
    let mut found = columns.filter(|(_, name)| names.contains(&normalize(name).as_str()));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(Some(at)),
        (None, _) => Ok(None),
        (Some(_), Some((_, second))) => Err(Refusal::RepeatedColumn {
            column: second.clone(),
        }),
    }
}

/// Returns the columns of closes of a wide file. `base` stands before the name of each column in
/// the symbol of its security.
fn wide_columns(table: &Table, base: &str) -> Result<Vec<(usize, Arc<str>)>, Refusal> {
    let mut columns: Vec<(usize, Arc<str>)> = Vec::with_capacity(table.header.len());
    for (at, name) in table.header.iter().enumerate().skip(1) {
        let symbol = format!("{base}{name}");
        if columns.iter().any(|(_, known)| **known == *symbol) {
            return Err(Refusal::RepeatedColumn {
                column: name.clone(),
            });
        }
        columns.push((at, symbol.into()));
    }
    Ok(columns)
}

/// Returns the columns of closes in a vendor's file. The symbols come from the header row that
/// begins with `Ticker`. Without that row the file has one symbol.
fn vendor_columns(
    table: &Table,
    shape: Shape,
    symbol: Option<&str>,
) -> Result<Vec<(usize, Arc<str>)>, Refusal> {
    let closes = table.header.iter().enumerate();
    let closes = closes.filter(|(_, name)| normalize(name) == shape.close_column());
    if let Some(tickers) = ticker_row(table, shape) {
        let with_ticker = |(at, _): (usize, &String)| (at, tickers.field(at).into());
        return Ok(closes.map(with_ticker).collect());
    }
    let symbol: Arc<str> = symbol
        .ok_or(Refusal::MissingSymbol {
            shape: shape.name(),
        })?
        .into();
    let columns: Vec<_> = closes.map(|(at, _)| (at, Arc::clone(&symbol))).collect();
    match columns.as_slice() {
        [_] => Ok(columns),
        _ => Err(Refusal::RepeatedColumn {
            column: shape.close_column().to_owned(),
        }),
    }
}

/// Returns the header row with the symbols of yfinance's files.
fn ticker_row(table: &Table, shape: Shape) -> Option<&Record> {
    header_rows(table, shape).find(|record| has_first_field(record, &["ticker"]))
}

/// Returns the rows that yfinance puts below its first header row: one with the symbols, and one
/// with the name of the date column.
fn header_rows(table: &Table, shape: Shape) -> impl Iterator<Item = &Record> {
    let may_have_header_rows = matches!(shape, Shape::Yahoo | Shape::Yfinance);
    table.records.iter().take_while(move |record| {
        may_have_header_rows && has_first_field(record, &["ticker", "date", "datetime"])
    })
}

fn has_first_field(record: &Record, names: &[&str]) -> bool {
    names.contains(&record.field(0).to_lowercase().as_str())
}
