//! Finds the columns of a price file that hold its dates, symbols and closes.

use std::sync::Arc;

use super::shape::{Shape, normalize};
use super::symbol::symbol_from_file_name;
use crate::import::error::Refusal;
use crate::import::table::{Record, Table};

/// The shape of a price file, and its column indices from 0.
pub(super) struct Layout {
    pub(super) shape: Shape,
    pub(super) date: usize,
    pub(super) closes: Closes,
    /// Number of records at the start that belong to the header.
    pub(super) skipped: usize,
    /// The column with the period of Stooq's files, where `D` means daily.
    pub(super) period: Option<usize>,
    /// The column with the time of day of Stooq's files.
    pub(super) time: Option<usize>,
}

/// Arrangement of the closes in a price file.
pub(super) enum Closes {
    /// One close a line, with a column for its symbol.
    ByLine { symbol: usize, close: usize },
    /// Columns of closes, each with its symbol.
    ByColumn(Vec<(usize, Arc<str>)>),
}

impl Layout {
    /// Detects the layout from the header. A file of one symbol gets `symbol`, the declared one, or
    /// else the one in the file's name.
    pub(super) fn detect(table: &Table, file: &str, symbol: Option<&str>) -> Result<Self, Refusal> {
        let unknown = || Refusal::UnknownHeader {
            found: table.header_text(),
            known: Shape::catalogue(),
        };
        let shape = Shape::detect(&table.header).ok_or_else(unknown)?;
        let column = |name: &str| table.column(name).ok_or_else(unknown);
        let (date, closes) = match shape {
            Shape::Long => {
                let (symbol, close) = (column("symbol")?, column("close")?);
                (column("date")?, Closes::ByLine { symbol, close })
            }
            Shape::StooqBulk => {
                let (symbol, close) = (column("<ticker>")?, column("<close>")?);
                (column("<date>")?, Closes::ByLine { symbol, close })
            }
            Shape::Wide => (0, Closes::ByColumn(wide_columns(table)?)),
            _ => (
                0,
                Closes::ByColumn(vendor_columns(table, shape, file, symbol)?),
            ),
        };
        Ok(Self {
            shape,
            date,
            closes,
            skipped: header_rows(table, shape).count(),
            period: table.column("<per>"),
            time: table.column("<time>"),
        })
    }
}

fn wide_columns(table: &Table) -> Result<Vec<(usize, Arc<str>)>, Refusal> {
    let mut columns: Vec<(usize, Arc<str>)> = Vec::with_capacity(table.header.len());
    for (at, symbol) in table.header.iter().enumerate().skip(1) {
        if columns.iter().any(|(_, known)| **known == **symbol) {
            let column = symbol.clone();
            return Err(Refusal::RepeatedColumn { column });
        }
        columns.push((at, symbol.as_str().into()));
    }
    Ok(columns)
}

/// Returns the columns of closes in a vendor's file. The symbols come from the header row that
/// begins with `Ticker`. Without that row the file has one symbol: the declared one, or else the
/// one in the file's name.
fn vendor_columns(
    table: &Table,
    shape: Shape,
    file: &str,
    symbol: Option<&str>,
) -> Result<Vec<(usize, Arc<str>)>, Refusal> {
    let closes = table.header.iter().enumerate();
    let closes = closes.filter(|(_, name)| normalize(name) == "close");
    if let Some(tickers) =
        header_rows(table, shape).find(|record| has_first_field(record, &["ticker"]))
    {
        let with_ticker = |(at, _): (usize, &String)| (at, tickers.field(at).into());
        return Ok(closes.map(with_ticker).collect());
    }
    let symbol: Arc<str> = match symbol {
        Some(symbol) => symbol.into(),
        None => symbol_from_file_name(file)
            .ok_or(Refusal::MissingSymbol {
                shape: shape.name(),
            })?
            .as_str()
            .into(),
    };
    let columns: Vec<_> = closes.map(|(at, _)| (at, Arc::clone(&symbol))).collect();
    match columns.as_slice() {
        [_] => Ok(columns),
        _ => Err(Refusal::RepeatedColumn {
            column: "close".to_owned(),
        }),
    }
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
