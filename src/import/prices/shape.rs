//! Defines the shapes of price files, and detects them by the header. A new shape is a variant of
//! [`Shape`]: a row of its facts, its columns, a rule that detects its header and, unless one of the
//! existing ones fits, an arm of [`Layout::detect`](super::layout::Layout::detect).

use std::fmt;

use crate::domain::nearest;
use crate::import::error::Refusal;
use crate::import::options::{Basis, DateOrder, DecimalMark, PriceWarning};

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
    /// EODHD's daily series; its raw closes are read.
    Eodhd,
    /// Tiingo's daily series; its raw closes are read.
    Tiingo,
    /// Reference rates of the European Central Bank: one column a currency, priced per euro.
    EcbRates,
    /// Nasdaq's history of one symbol.
    Nasdaq,
    /// Investing.com's history of one security, in English.
    Investing,
    /// Prices in a journal of hledger or Beancount, which has no header.
    Journal,
}

/// Columns that every shape with one symbol a line may have.
const SHARED_COLUMNS: &[&str] = &["symbol", "ticker", "currency"];

impl Shape {
    /// All shapes with a header, in the order of help texts.
    pub const ALL: [Self; 13] = [
        Self::Long,
        Self::Wide,
        Self::Stooq,
        Self::StooqBulk,
        Self::Yahoo,
        Self::Yfinance,
        Self::AlphaVantage,
        Self::AlphaVantageAdjusted,
        Self::Eodhd,
        Self::Tiingo,
        Self::EcbRates,
        Self::Nasdaq,
        Self::Investing,
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
            Self::Eodhd => (
                "EODHD",
                "Date,Open,High,Low,Close,Adjusted_close,Volume",
                Raw,
                None,
            ),
            Self::Tiingo => (
                "Tiingo",
                "date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor",
                Raw,
                None,
            ),
            Self::EcbRates => ("ECB rates", "Date,USD,JPY,BGN,", Raw, None),
            Self::Nasdaq => (
                "Nasdaq",
                "Date,Close/Last,Volume,Open,High,Low",
                SplitAdjusted,
                None,
            ),
            Self::Investing => (
                "Investing.com",
                "Date,Price,Open,High,Low,Vol.,Change %",
                SplitAdjusted,
                None,
            ),
            Self::Journal => (
                "hledger, Beancount",
                "P 2026-01-05 AAPL 200.5 USD",
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

    /// Returns true if each column but the first holds the closes of one security.
    pub(super) const fn is_wide(self) -> bool {
        matches!(self, Self::Wide | Self::EcbRates)
    }

    /// Returns the name of the column with the closes.
    pub(super) const fn close_column(self) -> &'static str {
        match self {
            Self::StooqBulk => "<close>",
            Self::Nasdaq => "close/last",
            Self::Investing => "price",
            _ => "close",
        }
    }

    /// Returns the order of the numbers in dates if the vendor always writes the same.
    pub(super) const fn date_order(self) -> Option<DateOrder> {
        match self {
            Self::Nasdaq => Some(DateOrder::Mdy),
            _ => None,
        }
    }

    /// Returns the decimal mark if the vendor always writes the same. Such a file may have groups of
    /// thousands and currency signs.
    pub(super) const fn decimal_mark(self) -> Option<DecimalMark> {
        match self {
            Self::Nasdaq | Self::Investing => Some(DecimalMark::Point),
            _ => None,
        }
    }

    /// Returns the columns that a file of this shape may have; empty for a shape whose columns are
    /// symbols. Those that hold neither date, symbol, currency nor close do not matter for a close.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Long => &["date", "close"],
            Self::Wide | Self::EcbRates | Self::Journal => &[],
            Self::Nasdaq => &["date", "close/last", "volume", "open", "high", "low"],
            Self::Investing => &["date", "price", "open", "high", "low", "vol.", "change %"],
            Self::Stooq => &["date", "open", "high", "low", "close", "volume", "openint"],
            Self::StooqBulk => &[
                "<ticker>",
                "<per>",
                "<date>",
                "<time>",
                "<open>",
                "<high>",
                "<low>",
                "<close>",
                "<vol>",
                "<openint>",
            ],
            Self::Yahoo | Self::Yfinance => &[
                "date",
                "datetime",
                "price",
                "open",
                "high",
                "low",
                "close",
                "adj close",
                "volume",
                "dividends",
                "stock splits",
                "capital gains",
                "repaired?",
            ],
            Self::AlphaVantage => &["timestamp", "open", "high", "low", "close", "volume"],
            Self::AlphaVantageAdjusted => &[
                "timestamp",
                "open",
                "high",
                "low",
                "close",
                "adjusted close",
                "volume",
                "dividend amount",
                "split coefficient",
            ],
            Self::Eodhd => &[
                "date",
                "open",
                "high",
                "low",
                "close",
                "adjusted close",
                "volume",
            ],
            Self::Tiingo => &[
                "date",
                "close",
                "high",
                "low",
                "open",
                "volume",
                "adjclose",
                "adjhigh",
                "adjlow",
                "adjopen",
                "adjvolume",
                "divcash",
                "splitfactor",
            ],
        }
    }

    /// Returns true if some shape has a column of this name.
    pub(super) fn is_column(name: &str) -> bool {
        let name = normalize(name);
        let known = Self::ALL.iter().flat_map(|shape| shape.columns());
        known.chain(SHARED_COLUMNS).any(|column| *column == name)
    }

    /// Refuses a column that this shape does not have: its values would be dropped.
    pub(super) fn check_columns(self, header: &[String]) -> Result<(), Refusal> {
        let columns = self.columns();
        if columns.is_empty() {
            return Ok(());
        }
        let mut known = columns.to_vec();
        if self != Self::StooqBulk {
            known.extend(SHARED_COLUMNS);
        }
        for written in header {
            let name = normalize(written);
            if !known.contains(&name.as_str()) {
                return Err(Refusal::UnknownColumn {
                    column: written.clone(),
                    nearest: nearest(&name, known.iter().copied()),
                    known,
                });
            }
        }
        Ok(())
    }

    /// Returns all shapes with their headers, or a sample line without one, one a line.
    pub(super) fn catalogue() -> String {
        let line = |shape: Self| format!("  {:<22}  {}", shape.name(), shape.header());
        let lines = Self::ALL.into_iter().chain([Self::Journal]).map(line);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Returns the shape with this header. Case is ignored. Except in the long and the Stooq bulk
    /// form, the first column must be the one with the dates, apart from those with symbol and
    /// currency. The order of the other columns only distinguishes yfinance from Stooq.
    /// `trailing_separator` is true if the header ends with a separator.
    pub(super) fn detect(header: &[String], trailing_separator: bool) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| normalize(name)).collect();
        let is_shared = |name: &&String| SHARED_COLUMNS.contains(&name.as_str());
        let first = names.iter().find(|name| !is_shared(name))?.as_str();
        let position = |name: &str| names.iter().position(|column| column == name);
        let has_all = |wanted: &[&str]| wanted.iter().all(|name| position(name).is_some());
        if has_all(&["<ticker>", "<date>", "<close>"]) {
            return Some(Self::StooqBulk);
        }
        if first == "date" && has_all(&["close/last", "open", "high", "low"]) {
            return Some(Self::Nasdaq);
        }
        if first == "date" && has_all(&["price", "open", "high", "low", "change %"]) {
            return Some(Self::Investing);
        }
        if !has_all(&["open", "high", "low", "close"]) {
            let has_symbol = position("symbol").or(position("ticker")).is_some();
            if has_symbol && has_all(&["date", "close"]) {
                return Some(Self::Long);
            }
            let is_wide = names[0] == "date"
                && names.len() > 1
                && !names.iter().any(|name| RESERVED.contains(&name.as_str()));
            let is_ecb = trailing_separator && header[1..].iter().all(|name| is_currency(name));
            return match (is_wide, is_ecb) {
                (true, true) => Some(Self::EcbRates),
                (true, false) => Some(Self::Wide),
                (false, _) => None,
            };
        }
        match first {
            "timestamp" if has_all(&["adjusted close"]) => Some(Self::AlphaVantageAdjusted),
            "timestamp" => Some(Self::AlphaVantage),
            "date" if has_all(&["adjusted close"]) => Some(Self::Eodhd),
            "date" if has_all(&["adjclose"]) => Some(Self::Tiingo),
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
const RESERVED: [&str; 8] = [
    "symbol",
    "ticker",
    "close",
    "adj close",
    "adjusted close",
    "price",
    "volume",
    "currency",
];

fn is_currency(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Returns a column's name in lower case, with blanks for underscores.
pub(super) fn normalize(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests;
