//! Merges rows with the securities that exist, and checks the result.

use super::read::SecurityRow;
use crate::domain::{AssetClass, AttributeSpan, Change, Currency, Day, NewSecurity, Security};
use crate::import::existing::ExistingRecords;
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::OptionalField;
use crate::import::warning::Warning;

impl SecurityRow {
    /// Returns the known security that has the symbol on the `symbol_from` of the row, and this day.
    pub(in crate::import) fn known_bearer<'k>(
        &self,
        known: &'k ExistingRecords,
    ) -> Option<(&'k Security, Day)> {
        let OptionalField::Value(day) = self.symbol_from else {
            return None;
        };
        let security = find(self, known)?;
        (security.symbol == self.symbol).then_some((security, day))
    }

    /// Returns whether the row may give the prices of a known security another meaning: another
    /// currency, or another multiplier for all days.
    pub(in crate::import) fn restates_prices(&self, known: &Security) -> bool {
        let multiplier = self.multiplier.as_value();
        let multiplier = multiplier.filter(|_| self.valid_from.as_value().is_none());
        self.currency
            .as_value()
            .is_some_and(|now| *now != known.currency)
            || multiplier.is_some_and(|now| {
                *now != known.multiplier || known.multiplier_changes().next().is_some()
            })
    }
}

/// Returns a warning if the known security that has the symbol on the `symbol_from` of a row had it
/// before: the row may be about another security, whose predecessor has no new symbol yet.
pub(super) fn symbol_before(row: &SecurityRow, known: &ExistingRecords) -> Option<Warning> {
    let (security, day) = row.known_bearer(known)?;
    let (close, _) = known.closes(security.id)?.range(..day).next_back()?;
    let had_symbol = security.symbol_on(*close) == security.symbol;
    had_symbol.then(|| Warning::HasSymbolBefore {
        symbol: security.symbol.clone(),
        close: *close,
    })
}

/// Returns the security of a row: by its day, if it has one.
pub(super) fn find<'k>(row: &SecurityRow, known: &'k ExistingRecords) -> Option<&'k Security> {
    match row.symbol_from {
        OptionalField::Value(day) => known.require_security(&row.symbol, day).ok(),
        OptionalField::Absent | OptionalField::Empty => known.find_security(&row.symbol),
    }
}

/// Refuses a new security whose symbol another one has, or is that of another one for the risk model.
pub(super) fn check_takeover(
    new: &NewSecurity,
    known: &ExistingRecords,
) -> Result<(), Vec<RowError>> {
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

/// Returns the security with the row's values, and the existing or default values otherwise. Those of
/// dated attributes hold over `span`.
pub(super) fn merge(row: &SecurityRow, was: Option<&Security>, span: AttributeSpan) -> NewSecurity {
    let was = was.map_or_else(|| defaults(row), Security::without_id);
    let was = was.with_attributes(span, &row.attributes());
    NewSecurity {
        name: row.name.clone().or_keep(was.name),
        currency: row.currency.or_keep(was.currency),
        inactive_from: row.inactive_from.or_keep_optional(was.inactive_from),
        calendar: row.calendar.clone().or_keep_optional(was.calendar),
        ..was
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

/// Refuses another currency of a security with prices, or another multiplier than on `day`: its closes
/// and the prices of its transactions would get another meaning.
pub(super) fn check_prices(
    was: &Security,
    now: &NewSecurity,
    day: Day,
    known: &ExistingRecords,
) -> Result<(), Vec<RowError>> {
    if !known.is_priced(was.id) {
        return Ok(());
    }
    let mut errors = Vec::new();
    if was.currency != now.currency {
        let kind = RowErrorKind::PricesInCurrency {
            was: was.currency,
            now: now.currency,
        };
        errors.push(RowError::in_column("currency", now.currency, kind));
    }
    let multiplier = now.clone().with_id(was.id).multiplier_on(day);
    if was.multiplier_on(day) != multiplier {
        let kind = RowErrorKind::PricesByMultiplier {
            was: was.multiplier_on(day),
            now: multiplier,
        };
        errors.push(RowError::in_column("multiplier", multiplier, kind));
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(errors),
    }
}

/// Refuses a currency pair whose symbol is not base and quote currency: exchange rates are looked
/// up by this symbol.
pub(super) fn check_pair_symbol(security: &NewSecurity) -> Result<(), Vec<RowError>> {
    let symbol = &security.symbol;
    let base = symbol.get(..3).and_then(|base| base.parse().ok());
    let named = base.is_some_and(|base: Currency| *symbol == base.pair_with(security.currency));
    if named || security.classes().all(|class| class != AssetClass::Fx) {
        return Ok(());
    }
    let reason = RowErrorKind::PairMismatch {
        symbol: symbol.clone(),
        currency: security.currency.to_string(),
    };
    Err(vec![RowError::in_column("symbol", symbol, reason)])
}

pub(super) fn differences(was: &NewSecurity, now: &NewSecurity) -> Vec<Change> {
    let others = [
        Change::between("name", &was.name, &now.name),
        Change::between("currency", &was.currency, &now.currency),
        Change::between_optional("inactive_from", &was.inactive_from, &now.inactive_from),
        Change::between_optional("calendar", &was.calendar, &now.calendar),
    ];
    let dated = was.attribute_changes(now).into_iter();
    dated.chain(others.into_iter().flatten()).collect()
}
