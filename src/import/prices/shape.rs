//! Detects the shape of a price file by its header, and gives the basis of its closes.

use std::fmt;

use crate::import::options::Basis;

/// Warning about prices that can be imported nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceWarning {
    /// By default the vendor also adjusts for dividends. The numbers do not show this, and it cannot
    /// be undone here.
    MaybeDividendAdjusted,
}

impl PriceWarning {
    /// Returns the next step for the user.
    pub fn hint(self) -> &'static str {
        match self {
            Self::MaybeDividendAdjusted => {
                "download without dividend adjustment (yfinance: `auto_adjust=False`), then add `--basis`"
            }
        }
    }
}

impl fmt::Display for PriceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaybeDividendAdjusted => f.write_str(
                "closes in this file format may be adjusted for dividends as well as for splits",
            ),
        }
    }
}

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

    /// Returns the name for messages and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long form",
            Self::Wide => "wide form",
            Self::Stooq => "Stooq",
            Self::StooqBulk => "Stooq bulk",
            Self::Yahoo => "Yahoo",
            Self::Yfinance => "yfinance",
            Self::AlphaVantage => "Alpha Vantage",
            Self::AlphaVantageAdjusted => "Alpha Vantage adjusted",
        }
    }

    /// Returns a sample header of this shape.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Long => "symbol,date,close",
            Self::Wide => "date,<SYMBOL>,<SYMBOL>,…",
            Self::Stooq => "Date,Open,High,Low,Close,Volume",
            Self::StooqBulk => {
                "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
            }
            Self::Yahoo => "Date,Open,High,Low,Close,Adj Close,Volume",
            Self::Yfinance => "Date,Close,High,Low,Open,Volume",
            Self::AlphaVantage => "timestamp,open,high,low,close,volume",
            Self::AlphaVantageAdjusted => {
                "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient"
            }
        }
    }

    /// Returns the basis of the closes unless another one is declared.
    pub const fn basis(self) -> Basis {
        match self {
            Self::Long | Self::Wide | Self::AlphaVantage | Self::AlphaVantageAdjusted => Basis::Raw,
            Self::Stooq | Self::StooqBulk | Self::Yahoo | Self::Yfinance => Basis::SplitAdjusted,
        }
    }

    /// Returns the warning about the prices if no basis is declared.
    pub const fn warning(self) -> Option<PriceWarning> {
        match self {
            Self::Stooq | Self::StooqBulk | Self::Yfinance => {
                Some(PriceWarning::MaybeDividendAdjusted)
            }
            _ => None,
        }
    }

    /// Returns all shapes with their headers, one a line.
    pub(super) fn catalogue() -> String {
        let line = |shape: Self| format!("  {:<22}  {}", shape.name(), shape.header());
        Self::ALL.map(line).join("\n")
    }

    /// Returns the shape with this header. Case is ignored. Except in the long and the Stooq bulk
    /// form, the first column must be the one with the dates. The order of the other columns only
    /// distinguishes yfinance from Stooq.
    pub(super) fn detect(header: &[String]) -> Option<Self> {
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
pub(super) fn normalize(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
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
