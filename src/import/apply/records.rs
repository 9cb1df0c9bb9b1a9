//! Reads the records that a file is validated against, and writes those that it changes: two
//! functions for each kind of file. Those of transactions are in `transactions`.

use std::collections::{BTreeMap, BTreeSet};

use super::context::ImportContext;
use crate::domain::{
    Calendar, Correction, Day, DayRange, LotMethod, PhaseCells, PortfolioKey, SecurityCalendars,
    SecurityId,
};
use crate::import::actions::{ActionRow, ActionTerms};
use crate::import::existing::ExistingRecords;
use crate::import::portfolios::{PortfolioChanges, PortfolioRow};
use crate::import::prices::{PriceChanges, PriceRows};
use crate::import::row_reader::{OptionalField, Rows};
use crate::import::securities::{SecurityChanges, SecurityRow};
use crate::invalidation::{
    forget_failures, invalidate_attributes, invalidate_closes, invalidate_portfolios,
};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Returns all portfolios, the traded ranges of those in the file, the histories of those that get an
/// average cost or another currency, and the names of the calendars that a portfolio can have.
pub(super) fn existing_portfolios(
    reading: &ReadTransaction<'_>,
    configured: &Calendar,
    rows: &Rows<PortfolioRow>,
) -> Result<ExistingRecords, StoreError> {
    let known = ExistingRecords::default()
        .with_portfolios(reading.portfolios().all()?)
        .with_calendars(known_calendars(reading, configured)?);
    let (mut traded, mut histories) = (Vec::new(), Vec::new());
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        let existing = match &row.id {
            OptionalField::Value(id) => known.find_portfolio(PortfolioKey::from_name(id)),
            // An ambiguous name is refused by the validation.
            OptionalField::Absent | OptionalField::Empty => {
                known.resolve_portfolio(&row.name).ok().flatten()
            }
        };
        let gets_average = matches!(row.cost_basis, OptionalField::Value(LotMethod::Average));
        if let Some(existing) = existing
            && gets_average
            && existing.cost_basis.method != LotMethod::Average
        {
            let history = reading.entries().of_portfolio(existing.id)?;
            histories.push((existing.id, history));
        }
        if let Some(existing) = existing
            && let Some(days) = reading.entries().span(existing.id)?
        {
            traded.push((existing.id, days));
            // Only another currency of the portfolio gives its transactions another meaning.
            if matches!(row.currency, OptionalField::Value(now) if now != existing.currency) {
                let history = reading.entries().of_portfolio(existing.id)?;
                histories.push((existing.id, history));
            }
        }
    }
    Ok(known.with_traded_ranges(traded).with_histories(histories))
}

/// Adds the calendars that records name.
fn add_calendars<'n>(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    names: impl Iterator<Item = &'n Option<String>>,
) -> Result<(), StoreError> {
    for name in names.flatten().collect::<BTreeSet<_>>() {
        writing.security_calendars().add(name, context.calendar)?;
    }
    Ok(())
}

/// Adds and changes portfolios.
pub(super) fn apply_portfolios(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: PortfolioChanges,
) -> Result<PhaseCells, StoreError> {
    let corrected = changes.corrected.iter().map(|change| &change.now.calendar);
    let added = changes.added.iter().map(|new| &new.calendar);
    add_calendars(writing, context, added.chain(corrected))?;
    writing.portfolios().add(changes.added)?;
    writing.portfolios().correct(&changes.corrected)?;
    let corrected = changes.corrected.iter();
    forget_failures(writing, |failed| {
        for Correction { was, now } in corrected {
            // These decide the lots that the portfolio gives to others.
            let keeps_lots = (was.currency, was.cost_basis, &was.calendar)
                == (now.currency, now.cost_basis, &now.calendar);
            match keeps_lots {
                true => failed.of_portfolios([(now.id, Day::MIN)]),
                false => failed.of_giver(now.id, Day::MIN)?,
            }
        }
        Ok(())
    })?;
    invalidate_portfolios(writing, context.calendar, &changes.corrected, context.now)
}

/// Returns all securities, the closes of those whose class changes, the last closes before a
/// `symbol_from` of those that have the symbol, and the names of the calendars that
/// a security can have: those that are built in, that of the database, and those that a security has.
pub(super) fn existing_with_calendars(
    reading: &ReadTransaction<'_>,
    configured: &Calendar,
    rows: &Rows<SecurityRow>,
) -> Result<ExistingRecords, StoreError> {
    let (_, model) = reading.risk_models().in_force()?;
    let known = existing_securities(reading)?.with_model(&model);
    let (mut closes, mut priced) = (Vec::new(), Vec::new());
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        for security in known.bearers(&row.symbol) {
            if row.restates_prices(security) && has_prices(reading, security.id)? {
                priced.push(security.id);
            }
        }
        if let Some((security, day)) = row.known_bearer(&known) {
            let last = reading.closes().last_before(security.id, day)?;
            closes.extend(last.map(|(day, close)| (security.id, day, close)));
        }
        let OptionalField::Value(class) = row.class else {
            continue;
        };
        for security in known
            .bearers(&row.symbol)
            .filter(|known| known.classes().any(|own| own != class))
        {
            let own = reading.closes().of_security(security.id, DayRange::ALL)?;
            closes.extend(
                own.into_iter()
                    .map(|(day, close)| (security.id, day, close)),
            );
        }
    }
    Ok(known
        .with_calendars(known_calendars(reading, configured)?)
        .with_closes(closes)
        .with_priced(priced))
}

/// Returns whether a security has closes or transactions.
fn has_prices(reading: &ReadTransaction<'_>, security: SecurityId) -> Result<bool, StoreError> {
    let close = reading.closes().last_before(security, Day::MAX)?;
    Ok(close.is_some() || !reading.entries().of_security(security)?.is_empty())
}

/// Returns the names of the calendars that are built in, that of the database, and those that a
/// security or portfolio has.
fn known_calendars(
    reading: &ReadTransaction<'_>,
    configured: &Calendar,
) -> Result<Vec<String>, StoreError> {
    let stored = reading.security_calendars().in_force()?;
    let known = SecurityCalendars::known_names(configured);
    Ok(stored.names().chain(known).map(ToOwned::to_owned).collect())
}

/// Returns all securities that rows can name.
pub(super) fn existing_securities(
    reading: &ReadTransaction<'_>,
) -> Result<ExistingRecords, StoreError> {
    Ok(ExistingRecords::default().with_securities(reading.securities().all()?))
}

/// Adds and changes securities.
pub(super) fn apply_securities(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: SecurityChanges,
) -> Result<PhaseCells, StoreError> {
    let corrected = changes.corrected.iter().map(|change| &change.now.calendar);
    let added = changes.added.iter().map(|new| &new.calendar);
    add_calendars(writing, context, added.chain(corrected))?;
    for new in &changes.added {
        writing.securities().add(new)?;
    }
    for Correction { now, .. } in &changes.corrected {
        writing.securities().change(now)?;
    }
    forget_failures(writing, |failed| {
        for change in &changes.corrected {
            failed.of_security(change.now.id, Day::MIN)?;
        }
        Ok(())
    })?;
    invalidate_attributes(writing, context.calendar, &changes.corrected, context.now)
}

/// Returns all securities, and the splits of those in the file with the closes around them.
pub(super) fn existing_actions(
    reading: &ReadTransaction<'_>,
    rows: &Rows<ActionRow>,
) -> Result<ExistingRecords, StoreError> {
    let known = existing_securities(reading)?;
    let named: BTreeSet<SecurityId> = (rows.lines.iter())
        .filter_map(|line| line.row.as_ref().ok())
        .flat_map(|row| known.bearers(&row.symbol))
        .map(|security| security.id)
        .collect();
    let mut splits = Vec::new();
    for security in named {
        splits.extend(reading.splits().recorded_of(security)?);
    }
    // A row can name a security by a symbol that another row of the file gives it.
    let renamed = rows.lines.iter().filter_map(|line| {
        let row = line.row.as_ref().ok()?;
        row.new_symbol().map(|new| (new, row.symbol.as_str()))
    });
    let mut earlier: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (new, symbol) in renamed {
        earlier.entry(new).or_default().insert(symbol);
    }
    let mut closes = Vec::new();
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        // Only a split is compared with the closes around it.
        if !matches!(row.terms, ActionTerms::Split(..)) {
            continue;
        }
        let symbols = symbols_before(&row.symbol, &earlier);
        let bearers = symbols.into_iter().flat_map(|symbol| known.bearers(symbol));
        for security in bearers {
            // One split at a time: between two of them may lie years of closes.
            let day = BTreeMap::from([(security.id, DayRange::single(row.day))]);
            closes.extend(reading.closes().around(&day)?);
        }
    }
    let actions = reading.corporate_actions().all()?;
    let known = known.with_recorded_splits(splits).with_actions(actions);
    let (_, model) = reading.risk_models().in_force()?;
    Ok(known.with_closes(closes).with_model(&model))
}

/// Returns a symbol with those that the changes of a file replace by it, directly or one after the
/// other. `earlier` has the symbols that each new one replaces.
fn symbols_before<'r>(
    symbol: &'r str,
    earlier: &BTreeMap<&'r str, BTreeSet<&'r str>>,
) -> BTreeSet<&'r str> {
    let mut found = BTreeSet::from([symbol]);
    let mut open = vec![symbol];
    while let Some(symbol) = open.pop() {
        for before in earlier.get(symbol).into_iter().flatten() {
            if found.insert(before) {
                open.push(before);
            }
        }
    }
    found
}

/// Returns all securities, and the splits and closes of those in the file.
pub(super) fn existing_prices(
    reading: &ReadTransaction<'_>,
    rows: &PriceRows,
) -> Result<ExistingRecords, StoreError> {
    let known = existing_securities(reading)?;
    // A file can name one security by several symbols.
    let mut spans: BTreeMap<SecurityId, DayRange> = BTreeMap::new();
    for (symbol, span) in rows.spans() {
        for security in known.bearers(symbol) {
            let all = spans.entry(security.id).or_insert(span);
            *all = all.hull(span);
        }
    }
    let mut splits = Vec::new();
    for security in spans.keys() {
        splits.extend(reading.splits().recorded_of(*security)?);
    }
    let closes = reading.closes().around(&spans)?;
    Ok(known.with_recorded_splits(splits).with_closes(closes))
}

/// Stores the closes that a file adds or corrects.
pub(super) fn apply_prices(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: PriceChanges,
) -> Result<PhaseCells, StoreError> {
    writing.closes().set(&changes.closes, context.now)?;
    let mut first_days: BTreeMap<SecurityId, Day> = BTreeMap::new();
    for close in &changes.closes {
        let first = first_days.entry(close.security).or_insert(close.day);
        *first = close.day.min(*first);
    }
    forget_failures(writing, |failed| {
        for (security, first) in &first_days {
            failed.of_security(*security, *first)?;
        }
        Ok(())
    })?;
    invalidate_closes(writing, context.calendar, &changes.closes, context.now)
}
