//! Reads and validates files of securities: `symbol, name?, class?, sector?, currency?,
//! multiplier?, inactive_from?, calendar?, symbol_from?`.
//!
//! The symbol identifies a security, also one that is called otherwise today. An absent column leaves
//! the existing value.

use super::currency::parse_currency;
use super::error::ImportError;
use super::existing::ExistingRecords;
use super::numbers::NumberReader;
use super::options::ImportOptions;
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::row_reader::{OptionalField, RowReader, Rows, TableFormat, parse_text};
use super::verdict::{SeenRows, Validated, Verdict, validate_repeat};
use super::warning::Warning;
use crate::domain::{
    AssetClass, Change, Correction, Currency, Day, NewSecurity, Quantity, Security,
};

const FORMAT: TableFormat = TableFormat {
    columns: &[
        "symbol",
        "name",
        "class",
        "sector",
        "currency",
        "multiplier",
        "inactive_from",
        "calendar",
        "symbol_from",
    ],
    required: &["symbol"],
    date_columns: &["inactive_from", "symbol_from"],
    number_columns: &["multiplier"],
};

/// One row of a file of securities. For a new security, absent and empty fields get the defaults
/// named below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityRow {
    /// The symbol, which identifies the security.
    pub symbol: String,
    /// The display name; default: the symbol.
    pub name: OptionalField<String>,
    /// The asset class; default: equity.
    pub class: OptionalField<AssetClass>,
    /// The sector; an empty field removes it.
    pub sector: OptionalField<String>,
    /// The currency of its price; default: US dollars, or the quote currency of a currency pair.
    pub currency: OptionalField<Currency>,
    /// The number of underlying units for one unit, above zero; default: 1.
    pub multiplier: OptionalField<Quantity>,
    /// The first day on which no price is expected; an empty field removes it.
    pub inactive_from: OptionalField<Day>,
    /// The name of its exchange's calendar; an empty field removes it.
    pub calendar: OptionalField<String>,
    /// A day on which the security has the symbol. It tells a security that took the symbol over from
    /// the one that had it before.
    pub symbol_from: OptionalField<Day>,
}

impl SecurityRow {
    /// Returns the days that the row gives.
    pub(super) fn days(&self) -> Vec<Day> {
        let days = [&self.inactive_from, &self.symbol_from];
        days.into_iter()
            .filter_map(|day| day.as_value().copied())
            .collect()
    }
}

/// Changes that a file of securities makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityChanges {
    /// New securities, in the file's order.
    pub added: Vec<NewSecurity>,
    /// Changed securities, in the file's order.
    pub corrected: Vec<Correction<Security>>,
}

/// Reads a file of securities.
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown, missing or repeated column, and dates in an
/// ambiguous or mixed order.
pub fn read_securities(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Rows<SecurityRow>, ImportError> {
    FORMAT.read(file, bytes, options, read_row)
}

fn read_row(cells: &mut RowReader<'_>) -> Option<SecurityRow> {
    let dates = cells.dates;
    let symbol = cells.required("symbol", parse_text);
    let name = cells.optional("name", parse_text);
    let class = cells.optional("class", str::parse);
    let sector = cells.optional("sector", parse_text);
    let currency = cells.optional("currency", parse_currency);
    let numbers = cells.numbers;
    let multiplier = cells.optional("multiplier", |text| parse_multiplier(text, numbers));
    let inactive_from = cells.optional("inactive_from", |text| dates.parse_day(text));
    Some(SecurityRow {
        symbol: symbol?,
        name,
        class,
        sector,
        currency,
        multiplier,
        inactive_from,
        calendar: cells.optional("calendar", parse_text),
        symbol_from: cells.optional("symbol_from", |text| dates.parse_day(text)),
    })
}

fn parse_multiplier(text: &str, numbers: NumberReader) -> Result<Quantity, RowErrorKind> {
    let quantity = Quantity::from_decimal(numbers.parse(text)?)?;
    if quantity <= Quantity::ZERO {
        return Err(RowErrorKind::NotPositive(text.to_owned()));
    }
    Ok(quantity)
}

/// Validates a file of securities. `known` must hold all securities.
pub fn validate_securities(
    rows: &Rows<SecurityRow>,
    known: &ExistingRecords,
) -> Validated<SecurityChanges> {
    let mut seen = SeenRows::new();
    Validated::from_rows(rows, |line, row, changes: &mut SecurityChanges| {
        let was = find(row, known);
        let now = merge(row, was);
        if was.is_none() {
            check_takeover(&now, known)?;
        }
        check_pair_symbol(&now)?;
        known.check_calendar(now.calendar.as_deref())?;
        if let Some((line, earlier)) = seen.insert(now.symbol.clone(), line, &now) {
            return validate_repeat(line, differences(&earlier, &now));
        }
        let Some(was) = was else {
            changes.added.push(now);
            return Ok(Verdict::Added);
        };
        let differs = differences(&was.without_id(), &now);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        let now = Security {
            former_symbols: was.former_symbols.clone(),
            ..now.with_id(was.id)
        };
        let was = was.clone();
        changes.corrected.push(Correction { was, now });
        Ok(Verdict::Corrected(differs))
    })
    .with_warnings_on_all(|index| {
        let row = rows.lines[index].row.as_ref().ok();
        let renamed = row.and_then(|row| Some((row, find(row, known)?)));
        let renamed = renamed.filter(|(row, found)| row.symbol != found.symbol);
        let warning = renamed.map(|(_, found)| Warning::FormerSymbol {
            symbol: found.symbol.clone(),
        });
        let closes = row.and_then(|row| closes_of_class(row, known));
        let before = row.and_then(|row| symbol_before(row, known));
        warning.into_iter().chain(closes).chain(before).collect()
    })
}

impl SecurityRow {
    /// Returns the known security that has the symbol on the `symbol_from` of the row, and this day.
    pub(super) fn known_bearer<'k>(
        &self,
        known: &'k ExistingRecords,
    ) -> Option<(&'k Security, Day)> {
        let OptionalField::Value(day) = self.symbol_from else {
            return None;
        };
        let security = find(self, known)?;
        (security.symbol == self.symbol).then_some((security, day))
    }
}

/// Returns a warning if the known security that has the symbol on the `symbol_from` of a row had it
/// before: the row may be about another security, whose predecessor has no new symbol yet.
fn symbol_before(row: &SecurityRow, known: &ExistingRecords) -> Option<Warning> {
    let (security, day) = row.known_bearer(known)?;
    let (close, _) = known.closes(security.id)?.range(..day).next_back()?;
    let had_symbol = security.symbol_on(*close) == security.symbol;
    had_symbol.then(|| Warning::HasSymbolBefore {
        symbol: security.symbol.clone(),
        close: *close,
    })
}

/// Returns a warning if a row gives a known security a class that cannot have its closes.
fn closes_of_class(row: &SecurityRow, known: &ExistingRecords) -> Option<Warning> {
    let OptionalField::Value(class) = row.class else {
        return None;
    };
    let was = find(row, known).filter(|was| was.class != class)?;
    let closes = known.closes(was.id)?.iter();
    let mut excluded = closes.filter(|(_, close)| !class.closes().include(**close));
    let (day, close) = excluded.next()?;
    Some(Warning::ClosesOfClass {
        class,
        close: *close,
        day: *day,
        count: 1 + excluded.count(),
    })
}

/// Returns the security of a row: by its day, if it has one.
fn find<'k>(row: &SecurityRow, known: &'k ExistingRecords) -> Option<&'k Security> {
    match row.symbol_from {
        OptionalField::Value(day) => known.require_security(&row.symbol, day).ok(),
        OptionalField::Absent | OptionalField::Empty => known.find_security(&row.symbol),
    }
}

/// Refuses a new security whose symbol another one has, or is that of another one for the risk model.
fn check_takeover(new: &NewSecurity, known: &ExistingRecords) -> Result<(), Vec<RowError>> {
    let symbol = &new.symbol;
    let refuse = |kind| Err(vec![RowError::in_column("symbol", symbol, kind)]);
    let mut bearers = known.bearers(symbol);
    if bearers.any(|other| other.symbol == *symbol) {
        return refuse(RowErrorKind::SymbolTaken {
            symbol: symbol.clone(),
        });
    }
    if known.is_in_model(symbol) && known.find_security(symbol).is_some() {
        return refuse(RowErrorKind::SymbolInModel {
            symbol: symbol.clone(),
        });
    }
    Ok(())
}

/// Returns the security with the row's values, and the existing or default values otherwise.
fn merge(row: &SecurityRow, was: Option<&Security>) -> NewSecurity {
    let was = was.map_or_else(|| defaults(row), Security::without_id);
    NewSecurity {
        symbol: was.symbol,
        name: row.name.clone().or_keep(was.name),
        class: row.class.or_keep(was.class),
        sector: row
            .sector
            .clone()
            .or_keep_optional(Some(was.sector))
            .unwrap_or_default(),
        currency: row.currency.or_keep(was.currency),
        multiplier: row.multiplier.or_keep(was.multiplier),
        inactive_from: row.inactive_from.or_keep_optional(was.inactive_from),
        calendar: row.calendar.clone().or_keep_optional(was.calendar),
    }
}

/// Returns the values of a new security for fields that its row leaves out.
fn defaults(row: &SecurityRow) -> NewSecurity {
    let quote = row.symbol.get(3..).and_then(|quote| quote.parse().ok());
    let currency = match row.class {
        OptionalField::Value(AssetClass::Fx) => quote,
        _ => None,
    };
    let equity = NewSecurity::equity(&row.symbol);
    NewSecurity {
        currency: currency.unwrap_or(equity.currency),
        ..equity
    }
}

/// Refuses a currency pair whose symbol is not base and quote currency: exchange rates are looked
/// up by this symbol.
fn check_pair_symbol(security: &NewSecurity) -> Result<(), Vec<RowError>> {
    let symbol = &security.symbol;
    let base = symbol.get(..3).and_then(|base| base.parse().ok());
    let named = base.is_some_and(|base: Currency| *symbol == base.pair_with(security.currency));
    if security.class != AssetClass::Fx || named {
        return Ok(());
    }
    let reason = RowErrorKind::PairMismatch {
        symbol: symbol.clone(),
        currency: security.currency.to_string(),
    };
    Err(vec![RowError::in_column("symbol", symbol, reason)])
}

fn differences(was: &NewSecurity, now: &NewSecurity) -> Vec<Change> {
    [
        Change::between("name", &was.name, &now.name),
        Change::between("class", &was.class, &now.class),
        Change::between("sector", &was.sector, &now.sector),
        Change::between("currency", &was.currency, &now.currency),
        Change::between("multiplier", &was.multiplier, &now.multiplier),
        Change::between_optional("inactive_from", &was.inactive_from, &now.inactive_from),
        Change::between_optional("calendar", &was.calendar, &now.calendar),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
