//! Reads a price file into one row for each price.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::journal::read_journal;
use super::layout::{Closes, Layout};
use super::price_row::PriceRow;
use super::shape::Shape;
use crate::domain::{Day, DayRange};
use crate::import::content;
use crate::import::dates::DateReader;
use crate::import::error::{ImportError, Refusal};
use crate::import::numbers::NumberReader;
use crate::import::options::{Basis, ImportOptions, PriceWarning};
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::Line;
use crate::import::table::{Record, Table};

/// The prices of a file. A line of a wide file holds several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRows {
    /// The file's name, as the caller gave it.
    pub file: String,
    /// The detected shape of the file.
    pub shape: Shape,
    /// The declared basis of the closes, or the shape's default.
    pub basis: Basis,
    /// The prices in the file's order; the errors of a row in place of its price.
    pub lines: Vec<Line<PriceRow>>,
    /// The shape's warning, if any; none if the basis was declared.
    pub warning: Option<PriceWarning>,
}

/// The fewest decimals to which a vendor rounds closes: a file in which all end with a zero does not
/// write it.
const MIN_DECIMALS: u32 = 2;
/// The most decimals that tell something about rounding.
const MAX_DECIMALS: u32 = 20;

impl PriceRows {
    /// Returns the decimals to which the file rounds its closes: the most that any has.
    pub(super) fn decimals(&self) -> u32 {
        let rows = self.lines.iter().filter_map(|line| line.row.as_ref().ok());
        let most = rows.map(|row| row.close.scale()).max().unwrap_or(0);
        most.clamp(MIN_DECIMALS, MAX_DECIMALS)
    }

    /// Returns the first and last day with a price, by symbol. Validation needs the stored closes
    /// of these ranges.
    pub fn spans(&self) -> BTreeMap<&str, DayRange> {
        let mut spans: BTreeMap<&str, DayRange> = BTreeMap::new();
        for row in self.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
            let day = DayRange::single(row.day);
            let span = spans.entry(&row.symbol).or_insert(day);
            let (first, last) = (span.first().min(row.day), span.last().max(row.day));
            *span = DayRange::new(first, last).unwrap_or(day);
        }
        spans
    }
}

/// Reads a file of prices in any of the known [shapes](Shape).
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown header, a missing symbol, a repeated column,
/// dates in an ambiguous or mixed order, and a file without prices.
pub fn read_prices(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<PriceRows, ImportError> {
    read(file, bytes, options).map_err(|refusal| refusal.for_file(file))
}

fn read(file: &str, bytes: &[u8], options: &ImportOptions) -> Result<PriceRows, Refusal> {
    let journal = content::decode(bytes)
        .ok()
        .map(|text| read_journal(text, options));
    if let Some(lines) = journal.transpose()?.flatten() {
        return Ok(PriceRows {
            file: file.to_owned(),
            shape: Shape::Journal,
            basis: basis_of(Shape::Journal, options)?,
            lines,
            warning: None,
        });
    }
    let is_header = |names: &[String]| Shape::detect(names, false).is_some();
    let table = Table::parse(bytes, &is_header, &Shape::is_column)?;
    let named = symbol_from_file_name(file);
    let layout = Layout::detect(&table, options.symbol.as_deref(), named.as_deref())?;
    let basis = basis_of(layout.shape, options)?;
    let records = &table.records[layout.skipped..];
    let dates = records.iter();
    let dates = dates.map(|record| (record.line, record.field(layout.date)));
    let closes: Vec<usize> = match &layout.closes {
        Closes::ByLine { close, .. } => vec![*close],
        Closes::ByColumn(columns) => columns.iter().map(|(at, _)| *at).collect(),
    };
    let closes = (records.iter()).flat_map(|record| closes.iter().map(|at| record.field(*at)));
    let mark = options.decimal_mark.or(layout.shape.decimal_mark());
    let numbers = NumberReader::detect(closes, mark);
    let mut reader = Reader {
        columns: table.header.len(),
        numbers,
        dates: DateReader::detect(dates, options.date_order.or(layout.shape.date_order()))?,
        layout: &layout,
        symbol: "".into(),
        lines: Vec::with_capacity(records.len()),
    };
    for record in records {
        reader.read_record(record);
    }
    let lines = reader.lines;
    if lines.is_empty() {
        return Err(Refusal::NoRows);
    }
    Ok(PriceRows {
        file: file.to_owned(),
        shape: layout.shape,
        basis,
        warning: match options.basis {
            Some(_) => None,
            None => layout.shape.warning(),
        },
        lines,
    })
}

/// Returns the basis of the closes. Refuses a day of adjustment for raw ones.
fn basis_of(shape: Shape, options: &ImportOptions) -> Result<Basis, Refusal> {
    match options.basis.unwrap_or(shape.basis()) {
        Basis::Raw if options.adjusted_as_of.is_some() => Err(Refusal::AdjustmentOfRaw),
        basis => Ok(basis),
    }
}

struct Reader<'a> {
    /// Number of columns of the header.
    columns: usize,
    numbers: NumberReader,
    dates: DateReader,
    layout: &'a Layout,
    /// The symbol of the previous line. Lines of the same symbol share it instead of allocating.
    symbol: Arc<str>,
    lines: Vec<Line<PriceRow>>,
}

impl Reader<'_> {
    /// Appends the prices of a record, or the error of its day.
    fn read_record(&mut self, record: &Record) {
        match self.parse_day(record) {
            Ok(day) => self.read_closes(record, day),
            Err(error) => self.lines.push(Line {
                number: record.line,
                row: Err(vec![error]),
            }),
        }
    }

    /// Returns the day of a record; an error if the record is not a daily price, its number of
    /// fields is wrong, or its date is missing or invalid.
    fn parse_day(&self, record: &Record) -> Result<Day, RowError> {
        // With a date the word is a symbol.
        if record.field(self.layout.date).is_empty() && record.is_total() {
            return Err(RowError::in_row(RowErrorKind::Total));
        }
        let (found, expected) = (record.fields.len(), self.columns);
        if found != expected {
            return Err(RowError::in_row(RowErrorKind::FieldCount {
                found,
                expected,
            }));
        }
        if let Some(period) = self.layout.period.map(|at| record.field(at))
            && !period.eq_ignore_ascii_case("D")
        {
            let reason = RowErrorKind::NotDaily(period.to_owned());
            return Err(RowError::in_column("<PER>", period, reason));
        }
        if let Some(time) = self.layout.time.map(|at| record.field(at))
            && !time.bytes().all(|byte| matches!(byte, b'0' | b':'))
        {
            return Err(RowError::in_column(
                "<TIME>",
                time,
                RowErrorKind::TimeOfDay(time.to_owned()),
            ));
        }
        match record.field(self.layout.date) {
            "" => Err(RowError::in_column("date", "", RowErrorKind::Missing)),
            text => self
                .dates
                .parse_day(text)
                .map_err(|reason| RowError::in_column("date", text, reason)),
        }
    }

    /// Appends a row for each close of a record.
    fn read_closes(&mut self, record: &Record, day: Day) {
        let layout = self.layout;
        let currency = layout.currency.map(|at| record.field(at));
        let currency: Option<Arc<str>> = currency.filter(|text| !text.is_empty()).map(Arc::from);
        let has_day_price = |at: &usize| {
            let text = record.field(*at);
            !text.is_empty() && !self.is_placeholder(text)
        };
        let is_without_prices =
            !layout.day_prices.is_empty() && !layout.day_prices.iter().any(has_day_price);
        if is_without_prices {
            return;
        }
        match &layout.closes {
            Closes::ByLine { symbol, close } => {
                let symbol = self.shared_symbol(record.field(*symbol));
                if symbol.is_empty() {
                    let error = RowError::in_column("symbol", "", RowErrorKind::Missing);
                    return self.push(record, Err(error));
                }
                let close = self.parse_close(layout.shape.close_column(), record.field(*close));
                let row = close.map(|close| PriceRow {
                    symbol,
                    day,
                    close,
                    currency,
                });
                self.push(record, row);
            }
            Closes::ByColumn(columns) => {
                let may_be_missing = layout.shape.is_wide() || columns.len() > 1;
                for (at, symbol) in columns {
                    let text = record.field(*at);
                    let is_shared_and_empty = may_be_missing && text.is_empty();
                    if is_shared_and_empty || self.is_placeholder(text) {
                        continue;
                    }
                    let column = match layout.shape {
                        Shape::Wide => symbol,
                        shape => shape.close_column(),
                    };
                    let row = self.parse_close(column, text).map(|close| PriceRow {
                        symbol: Arc::clone(symbol),
                        day,
                        close,
                        currency: currency.clone(),
                    });
                    self.push(record, row);
                }
            }
        }
    }

    /// Returns true if a vendor writes this text where there is no price.
    fn is_placeholder(&self, text: &str) -> bool {
        match self.layout.shape {
            Shape::Yahoo => text == "null",
            Shape::EcbRates | Shape::Nasdaq => text == "N/A",
            _ => false,
        }
    }

    /// Returns the symbol of a field, shared with the previous line if it is the same.
    fn shared_symbol(&mut self, text: &str) -> Arc<str> {
        let symbol = match self.layout.shape {
            Shape::StooqBulk => strip_us_suffix(text),
            _ => text,
        };
        if *self.symbol != *symbol {
            self.symbol = symbol.into();
        }
        Arc::clone(&self.symbol)
    }

    /// Parses a close; its sign is checked where the class of the security is known.
    fn parse_close(&self, column: &str, text: &str) -> Result<Decimal, RowError> {
        let number = match self.layout.shape.decimal_mark() {
            Some(_) => self.numbers.parse_written(text),
            None => self.numbers.parse(text),
        };
        let reason = match number {
            _ if text.is_empty() => RowErrorKind::Missing,
            Ok(close) => return Ok(close),
            Err(error) => error.into(),
        };
        Err(RowError::in_column(column, text, reason))
    }

    fn push(&mut self, record: &Record, row: Result<PriceRow, RowError>) {
        self.lines.push(Line {
            number: record.line,
            row: row.map_err(|error| vec![error]),
        });
    }
}

/// Returns the symbol in a file's name: `aapl.us.csv`, `aapl_us_d.csv`, `AAPL.csv` and
/// `daily_AAPL.csv` all give `AAPL`. Suffixes of other markets than Stooq's `.us` stay: `cdr.pl.csv`
/// gives `CDR.PL`.
fn symbol_from_file_name(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    // Standard input.
    if name == "-" {
        return None;
    }
    let name = name.to_uppercase();
    let name = name.strip_suffix(".GZ").unwrap_or(&name);
    let name = name
        .strip_suffix(".CSV")
        .or_else(|| name.strip_suffix(".TXT"))
        .unwrap_or(name);
    let name = ["DAILY_ADJUSTED_", "DAILY_"]
        .into_iter()
        .find_map(|start| name.strip_prefix(start))
        .unwrap_or(name);
    let name = name.strip_suffix("_D").unwrap_or(name);
    let name = name.strip_suffix("_US").unwrap_or(name);
    let name = strip_us_suffix(name);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Removes Stooq's suffix of US markets.
fn strip_us_suffix(symbol: &str) -> &str {
    symbol
        .strip_suffix(".US")
        .or_else(|| symbol.strip_suffix(".us"))
        .unwrap_or(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_symbol_from_vendor_file_names() {
        for file in [
            "aapl.us.csv",
            "in/aapl_us_d.csv",
            "C:\\in\\AAPL.csv",
            "daily_AAPL.csv",
            "daily_adjusted_aapl.csv",
            "aapl.us.txt",
            "AAPL.csv.gz",
        ] {
            assert_eq!(
                symbol_from_file_name(file).as_deref(),
                Some("AAPL"),
                "{file}"
            );
        }
        assert_eq!(symbol_from_file_name("^spx_d.csv").as_deref(), Some("^SPX"));
        assert_eq!(symbol_from_file_name("BRK.B.csv").as_deref(), Some("BRK.B"));
        assert_eq!(symbol_from_file_name(".csv"), None);
        assert_eq!(symbol_from_file_name("-"), None);
    }
}
