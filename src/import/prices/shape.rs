//! Defines the shapes of price files, and finds the columns of each that hold dates, symbols and
//! closes. A new shape is a variant of [`Shape`]: a row of its facts, a rule that detects its header
//! and, unless one of the existing ones fits, an arm of [`Layout::detect`].

use std::fmt;
use std::sync::Arc;

use crate::import::error::Refusal;
use crate::import::options::{Basis, PriceWarning};
use crate::import::table::{Record, Table};

/// File format of prices, detected by the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Plimsoll's long form: one price a line.
    Long,
    /// Plimsoll's wide form: one column a symbol.
    Wide,
    /// Stooq's download of one symbol.
    Stooq,
    /// Stooq's bulk files of many symbols.
    StooqBulk,
    /// Yahoo's download, and yfinance without automatic adjustment.
    Yahoo,
    /// A yfinance download with automatic adjustment.
    Yfinance,
    /// Alpha Vantage's daily series.
    AlphaVantage,
    /// Alpha Vantage's daily adjusted series; its raw closes are read.
    AlphaVantageAdjusted,
}

impl Shape {
    /// All shapes, in the order of help texts.
    pub const ALL: [Self; 8] = [
        Self::Long,
        Self::Wide,
        Self::Stooq,
        Self::StooqBulk,
        Self::Yahoo,
        Self::Yfinance,
        Self::AlphaVantage,
        Self::AlphaVantageAdjusted,
    ];

    /// Returns the name, a sample header, the basis of the closes and the warning of this shape.
    const fn facts(self) -> (&'static str, &'static str, Basis, Option<PriceWarning>) {
        use Basis::{Raw, SplitAdjusted};
        const MAYBE_DIVIDENDS: Option<PriceWarning> = Some(PriceWarning::MaybeDividendAdjusted);
        match self {
            Self::Long => ("long form", "symbol,date,close", Raw, None),
            Self::Wide => ("wide form", "date,<SYMBOL>,<SYMBOL>,…", Raw, None),
            Self::Stooq => (
                "Stooq",
                "Date,Open,High,Low,Close,Volume",
                SplitAdjusted,
                MAYBE_DIVIDENDS,
            ),
            Self::StooqBulk => (
                "Stooq bulk",
                "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
                SplitAdjusted,
                MAYBE_DIVIDENDS,
            ),
            Self::Yahoo => (
                "Yahoo",
                "Date,Open,High,Low,Close,Adj Close,Volume",
                SplitAdjusted,
                None,
            ),
            Self::Yfinance => (
                "yfinance",
                "Date,Close,High,Low,Open,Volume",
                SplitAdjusted,
                MAYBE_DIVIDENDS,
            ),
            Self::AlphaVantage => (
                "Alpha Vantage",
                "timestamp,open,high,low,close,volume",
                Raw,
                None,
            ),
            Self::AlphaVantageAdjusted => (
                "Alpha Vantage adjusted",
                "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient",
                Raw,
                None,
            ),
        }
    }

    /// Returns the name for messages and reports.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// Returns a sample header of this shape.
    pub const fn header(self) -> &'static str {
        self.facts().1
    }

    /// Returns the basis of the closes unless another one is declared.
    pub const fn basis(self) -> Basis {
        self.facts().2
    }

    /// Returns the warning about the prices if no basis is declared.
    pub const fn warning(self) -> Option<PriceWarning> {
        self.facts().3
    }

    /// Returns all shapes with their headers, one a line.
    fn catalogue() -> String {
        let line = |shape: Self| format!("  {:<22}  {}", shape.name(), shape.header());
        Self::ALL.map(line).join("\n")
    }

    /// Returns the shape with this header. Case is ignored. Except in the long and the Stooq bulk
    /// form, the first column must be the one with the dates. The order of the other columns only
    /// distinguishes yfinance from Stooq.
    fn detect(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| normalize(name)).collect();
        let first = names.first()?.as_str();
        let position = |name: &str| names.iter().position(|column| column == name);
        let has_all = |wanted: &[&str]| wanted.iter().all(|name| position(name).is_some());
        if has_all(&["<ticker>", "<date>", "<close>"]) {
            return Some(Self::StooqBulk);
        }
        if has_all(&["symbol", "date", "close"]) && names.len() == 3 {
            return Some(Self::Long);
        }
        if !has_all(&["open", "high", "low", "close"]) {
            let is_wide = first == "date"
                && names.len() > 1
                && !names.iter().any(|name| RESERVED.contains(&name.as_str()));
            return is_wide.then_some(Self::Wide);
        }
        match first {
            "timestamp" if has_all(&["adjusted close"]) => Some(Self::AlphaVantageAdjusted),
            "timestamp" => Some(Self::AlphaVantage),
            "date" | "datetime" | "price" if has_all(&["adj close"]) => Some(Self::Yahoo),
            "price" => Some(Self::Yfinance),
            "date" | "datetime" if has_all(&["stock splits"]) => Some(Self::Yfinance),
            "date" if position("close") < position("open") => Some(Self::Yfinance),
            "date" => Some(Self::Stooq),
            _ => None,
        }
    }
}

/// Column names that are never symbols: a header with one of them is not a wide file. `OPEN`,
/// `HIGH` and `LOW` are missing here because they are also ticker symbols.
const RESERVED: [&str; 7] = [
    "symbol",
    "ticker",
    "close",
    "adj close",
    "adjusted close",
    "price",
    "volume",
];

/// Returns a column's name in lower case, with blanks for underscores.
fn normalize(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

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
    /// Detects the layout from the header. `symbol` is that of a file with one symbol.
    pub(super) fn detect(table: &Table, symbol: Option<&str>) -> Result<Self, Refusal> {
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
            _ => (0, Closes::ByColumn(vendor_columns(table, shape, symbol)?)),
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
/// begins with `Ticker`. Without that row the file has one symbol.
fn vendor_columns(
    table: &Table,
    shape: Shape,
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
    let symbol: Arc<str> = symbol
        .ok_or(Refusal::MissingSymbol {
            shape: shape.name(),
        })?
        .into();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(header: &str) -> Option<Shape> {
        let names: Vec<String> = header.split(',').map(str::to_owned).collect();
        Shape::detect(&names)
    }

    #[test]
    fn detects_every_shape_by_its_own_header() {
        for known in Shape::ALL {
            assert_eq!(shape(known.header()), Some(known), "{}", known.header());
            let upper = known.header().to_uppercase();
            assert_eq!(shape(&upper), Some(known), "{upper}");
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
            "ticker,date,close",
        ] {
            assert_eq!(shape(header), None, "{header}");
        }
    }
}
