//! From a price file's bytes to one row for each price.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::layout::{Closes, Layout};
use super::shape::{Basis, Caution, Shape};
use super::symbol::without_market;
use crate::domain::{Day, DayRange};
use crate::import::cells::decimal;
use crate::import::dates::Dates;
use crate::import::table::{Record, Table};
use crate::import::{DateOrder, Flaw, ImportError, Line, Reason, Refusal};

/// What is declared about a price file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceOptions {
    /// Of which symbol the prices are, in a file that names none.
    pub symbol: Option<String>,
    /// What the closes are; the shape's own basis when nothing is declared.
    pub basis: Option<Basis>,
    /// The order of day and month; proved by the file when nothing is declared.
    pub order: Option<DateOrder>,
}

/// One price as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// Of what.
    pub symbol: Arc<str>,
    /// Of which day.
    pub day: Day,
    /// The close on the file's basis, above zero, with all decimals that are written.
    pub close: Decimal,
}

/// The prices of a file, one line for each price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRows {
    /// The file as it was named.
    pub file: String,
    /// The shape in which the file is.
    pub shape: Shape,
    /// What its closes are.
    pub basis: Basis,
    /// The prices in the file's order.
    pub lines: Vec<Line<PriceRow>>,
    /// What to know about them, unless their basis was declared.
    pub caution: Option<Caution>,
}

impl PriceRows {
    /// From which to which day each symbol has prices: what has to be known to judge them.
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
pub fn read_prices(
    file: &str,
    bytes: &[u8],
    options: &PriceOptions,
) -> Result<PriceRows, ImportError> {
    read(file, bytes, options).map_err(|refusal| refusal.of(file))
}

fn read(file: &str, bytes: &[u8], options: &PriceOptions) -> Result<PriceRows, Refusal> {
    let table = Table::of(bytes)?;
    let layout = Layout::of(&table, file, options.symbol.as_deref())?;
    let records = &table.records[layout.skipped..];
    let days = records.iter();
    let days = days.map(|record| (record.line, record.field(layout.date)));
    let mut reader = Reader {
        columns: table.header.len(),
        dates: Dates::of(days, options.order)?,
        layout: &layout,
        symbol: "".into(),
        lines: Vec::with_capacity(records.len()),
    };
    for record in records {
        reader.record(record);
    }
    let lines = reader.lines;
    if lines.is_empty() {
        return Err(Refusal::NoRows);
    }
    Ok(PriceRows {
        file: file.to_owned(),
        shape: layout.shape,
        basis: options.basis.unwrap_or(layout.shape.basis()),
        caution: match options.basis {
            Some(_) => None,
            None => layout.shape.caution(),
        },
        lines,
    })
}

struct Reader<'a> {
    columns: usize,
    dates: Dates,
    layout: &'a Layout,
    /// The symbol of the line before, which is most often that of the next.
    symbol: Arc<str>,
    lines: Vec<Line<PriceRow>>,
}

impl Reader<'_> {
    fn record(&mut self, record: &Record) {
        match self.day(record) {
            Ok(day) => self.closes(record, day),
            Err(flaw) => self.lines.push(Line {
                number: record.line,
                row: Err(vec![flaw]),
            }),
        }
    }

    /// The day of a record of daily prices with as many fields as the header.
    fn day(&self, record: &Record) -> Result<Day, Flaw> {
        let (found, expected) = (record.fields.len(), self.columns);
        if found != expected {
            return Err(Flaw::of_row(Reason::Fields { found, expected }));
        }
        if let Some(period) = self.layout.period.map(|at| record.field(at))
            && !period.eq_ignore_ascii_case("D")
        {
            let reason = Reason::NotDaily(period.to_owned());
            return Err(Flaw::at("<PER>", period, reason));
        }
        if let Some(time) = self.layout.time.map(|at| record.field(at))
            && !time.bytes().all(|byte| matches!(byte, b'0' | b':'))
        {
            return Err(Flaw::at("<TIME>", time, Reason::TimeOfDay(time.to_owned())));
        }
        match record.field(self.layout.date) {
            "" => Err(Flaw::at("date", "", Reason::Missing)),
            text => self
                .dates
                .day(text)
                .map_err(|reason| Flaw::at("date", text, reason)),
        }
    }

    fn closes(&mut self, record: &Record, day: Day) {
        match &self.layout.closes {
            Closes::ByLine { symbol, close } => {
                let symbol = self.symbol(record.field(*symbol));
                if symbol.is_empty() {
                    let flaw = Flaw::at("symbol", "", Reason::Missing);
                    return self.push(record, Err(flaw));
                }
                let close = close_of("close", record.field(*close));
                self.push(record, close.map(|close| PriceRow { symbol, day, close }));
            }
            Closes::ByColumn(columns) => {
                for (at, symbol) in columns {
                    let text = record.field(*at);
                    if self.is_gap(text, columns.len()) {
                        continue;
                    }
                    let column = match self.layout.shape {
                        Shape::Wide => symbol,
                        _ => "close",
                    };
                    let symbol = Arc::clone(symbol);
                    let row = close_of(column, text).map(|close| PriceRow { symbol, day, close });
                    self.push(record, row);
                }
            }
        }
    }

    /// Whether a cell says that there was no price: an empty one where several symbols share the
    /// lines, `null` as Yahoo writes it.
    fn is_gap(&self, text: &str, symbols: usize) -> bool {
        let shared = self.layout.shape == Shape::Wide || symbols > 1;
        (text.is_empty() && shared) || (text == "null" && self.layout.shape == Shape::Yahoo)
    }

    fn symbol(&mut self, text: &str) -> Arc<str> {
        let symbol = match self.layout.shape {
            Shape::StooqBulk => without_market(text),
            _ => text,
        };
        if *self.symbol != *symbol {
            self.symbol = symbol.into();
        }
        Arc::clone(&self.symbol)
    }

    fn push(&mut self, record: &Record, row: Result<PriceRow, Flaw>) {
        self.lines.push(Line {
            number: record.line,
            row: row.map_err(|flaw| vec![flaw]),
        });
    }
}

fn close_of(column: &str, text: &str) -> Result<Decimal, Flaw> {
    let reason = match decimal(text) {
        _ if text.is_empty() => Reason::Missing,
        Ok(close) if close > Decimal::ZERO => return Ok(close),
        Ok(_) => Reason::NotPositive(text.to_owned()),
        Err(error) => error.into(),
    };
    Err(Flaw::at(column, text, reason))
}
