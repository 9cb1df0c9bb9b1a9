//! The shapes in which prices come, told apart by their headers, and what their closes are.

use std::fmt;
use std::str::FromStr;

use crate::domain::UnknownValue;

/// What a close is, compared to what was paid on its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What was paid. This is what the books keep.
    Raw,
    /// In today's units: divided by every later split.
    SplitAdjusted,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Raw => "raw",
            Self::SplitAdjusted => "split-adjusted",
        })
    }
}

impl FromStr for Basis {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "raw" => Ok(Self::Raw),
            "split-adjusted" => Ok(Self::SplitAdjusted),
            _ => Err(UnknownValue {
                value: text.to_owned(),
                kind: "basis of prices",
                known: "raw, split-adjusted",
            }),
        }
    }
}

/// Something to know about a file's prices, though they can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceWarning {
    /// By default the vendor adjusts for dividends too, which cannot be seen in the numbers and
    /// cannot be undone here.
    MaybeDividendAdjusted,
}

impl PriceWarning {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::MaybeDividendAdjusted => {
                "download without adjustment for dividends (yfinance: `auto_adjust=False`), then declare `--basis`"
            }
        }
    }
}

impl fmt::Display for PriceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaybeDividendAdjusted => f.write_str(
                "closes of this shape may be adjusted for dividends as well as for splits",
            ),
        }
    }
}

/// A shape in which prices come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Our long form, one price a line.
    Long,
    /// Our wide form, one column a symbol.
    Wide,
    /// Stooq's download of one symbol.
    Stooq,
    /// Stooq's bulk files.
    StooqBulk,
    /// Yahoo's download, and yfinance without automatic adjustment.
    Yahoo,
    /// yfinance with automatic adjustment.
    Yfinance,
    /// Alpha Vantage's daily series.
    AlphaVantage,
    /// Alpha Vantage's daily adjusted series.
    AlphaVantageAdjusted,
}

impl Shape {
    /// All of them.
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

    /// What people call it.
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

    /// Its header.
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

    /// What its closes are unless it is declared otherwise.
    pub const fn basis(self) -> Basis {
        match self {
            Self::Long | Self::Wide | Self::AlphaVantage | Self::AlphaVantageAdjusted => Basis::Raw,
            Self::Stooq | Self::StooqBulk | Self::Yahoo | Self::Yfinance => Basis::SplitAdjusted,
        }
    }

    /// What to know about its prices when no basis was declared.
    pub const fn warning(self) -> Option<PriceWarning> {
        match self {
            Self::Stooq | Self::StooqBulk | Self::Yfinance => {
                Some(PriceWarning::MaybeDividendAdjusted)
            }
            _ => None,
        }
    }

    /// All shapes with their headers, one a line.
    pub(crate) fn catalogue() -> String {
        let line = |shape: Self| format!("  {:<22}  {}", shape.name(), shape.header());
        Self::ALL.map(line).join("\n")
    }

    /// The shape with this header, if there is one. Case does not count; neither does the order
    /// of columns, except that it tells yfinance from Stooq and that a matrix starts with its
    /// date.
    pub(super) fn detect(header: &[String]) -> Option<Self> {
        let names: Vec<String> = header.iter().map(|name| normalize(name)).collect();
        let first = names.first()?.as_str();
        let place = |name: &str| names.iter().position(|column| column == name);
        let all = |wanted: &[&str]| wanted.iter().all(|name| place(name).is_some());
        if all(&["<ticker>", "<date>", "<close>"]) {
            return Some(Self::StooqBulk);
        }
        if all(&["symbol", "date", "close"]) && names.len() == 3 {
            return Some(Self::Long);
        }
        if !all(&["open", "high", "low", "close"]) {
            let is_matrix = first == "date"
                && names.len() > 1
                && !names.iter().any(|name| RESERVED.contains(&name.as_str()));
            return is_matrix.then_some(Self::Wide);
        }
        match first {
            "timestamp" if all(&["adjusted close"]) => Some(Self::AlphaVantageAdjusted),
            "timestamp" => Some(Self::AlphaVantage),
            "date" | "datetime" | "price" if all(&["adj close"]) => Some(Self::Yahoo),
            "price" => Some(Self::Yfinance),
            "date" | "datetime" if all(&["stock splits"]) => Some(Self::Yfinance),
            "date" if place("close") < place("open") => Some(Self::Yfinance),
            "date" => Some(Self::Stooq),
            _ => None,
        }
    }
}

/// Names that are no symbols: a header that has one and is no known shape is none of ours.
/// `OPEN`, `HIGH` and `LOW` are symbols.
const RESERVED: [&str; 7] = [
    "symbol",
    "ticker",
    "close",
    "adj close",
    "adjusted close",
    "price",
    "volume",
];

/// A column's name in lower case, with blanks for underscores.
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
            let loud = known.header().to_uppercase();
            assert_eq!(shape(&loud), Some(known), "{loud}");
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
