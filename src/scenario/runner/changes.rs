//! Plays the steps that change the database without a run: lifecycles, closes, transactions,
//! splits, invalidation, retry.
//!
//! Closes, transactions and splits are imported as files, so that a step has the consequences that
//! a user's file has. Added portfolios and their transactions are written directly.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::error::PlayError;
use super::harness::Harness;
use super::inspect::read_names;
use super::result::StepOutcome;
use crate::domain::{
    CellSelection, Day, DayRange, Phase, PhaseCells, PortfolioId, PortfolioKey, PriceAcceptance,
    Scope, SecurityId, Split, Transaction, count_cell_phases, count_ids,
};
use crate::engine::{self, EngineError, Settings};
use crate::import::apply::{
    ApplyError, FileKind, ImportContext, ImportStatus, Mode, SourceFile, import_file,
};
use crate::import::profile::Profiles;
use crate::import::{ImportOptions, Jumps, Restatements, ValidRows};
use crate::invalidation;
use crate::invalidation::lifecycle::{LifecycleChangeError, close, delete, restore};
use crate::query::Names;
use crate::report::count_with_noun;
use crate::scenario::script::{FileImport, Invalidation};
use crate::scenario::world::{Correction, WorldPortfolio};
use crate::store::StoreError;

pub(super) fn delete_portfolios(
    harness: &Harness<'_>,
    names: &[String],
) -> Result<StepOutcome, PlayError> {
    let at = harness.environment().clock.now();
    change_lifecycles(harness, names, |writer, name| {
        delete(writer, PortfolioKey::from_name(name), at).map(|_| ())
    })
}

pub(super) fn restore_portfolios(
    harness: &Harness<'_>,
    names: &[String],
) -> Result<StepOutcome, PlayError> {
    change_lifecycles(harness, names, |writer, name| {
        restore(writer, PortfolioKey::from_name(name)).map(|_| ())
    })
}

pub(super) fn close_portfolios(
    harness: &Harness<'_>,
    closing_days: &[(String, Day)],
) -> Result<StepOutcome, PlayError> {
    let days: BTreeMap<&String, Day> = closing_days
        .iter()
        .map(|(name, day)| (name, *day))
        .collect();
    let names: Vec<String> = closing_days.iter().map(|(name, _)| name.clone()).collect();
    change_lifecycles(harness, &names, |writer, name| {
        close(
            writer,
            PortfolioKey::from_name(name),
            days.get(name).copied(),
        )
        .map(|_| ())
    })
}

/// Changes lifecycles one after the other and stops at the first refusal; the changes before it
/// stay.
fn change_lifecycles(
    harness: &Harness<'_>,
    names: &[String],
    change: impl Fn(&mut crate::store::Writer, &String) -> Result<(), LifecycleChangeError>,
) -> Result<StepOutcome, PlayError> {
    let mut writer = harness.store().writer()?;
    for name in names {
        match change(&mut writer, name) {
            Ok(()) => {}
            // An unknown name is an outcome of the step; any other store error ends the play.
            Err(LifecycleChangeError::Store(error))
                if !matches!(error, StoreError::UnknownPortfolio(_)) =>
            {
                return Err(error.into());
            }
            Err(refusal) => {
                let reason = refusal.to_string();
                return Ok(StepOutcome::Refused { reason });
            }
        }
    }
    Ok(done_outcome(Vec::new(), 0))
}

pub(super) fn add_portfolios(
    harness: &Harness<'_>,
    portfolios: &[WorldPortfolio],
) -> Result<StepOutcome, PlayError> {
    let last = harness.sources_until();
    let world = &harness.scenario.world;
    let mut entries = Vec::new();
    for added in portfolios {
        // Up to the last session whose sources are in the database: later ones are not known yet.
        entries.extend(world.transactions_for(added, last)?);
    }
    harness.write(|writing| {
        for added in portfolios {
            if let Some(name) = &added.portfolio.calendar {
                writing.security_calendars().add(name, &world.calendar)?;
            }
        }
        let added = portfolios.iter().map(|added| added.portfolio.without_id());
        writing.portfolios().add(added)?;
        writing.entries().add(&entries)?;
        if let Some(first) = entries.iter().map(|entry| entry.day).min() {
            writing.check_unpriced_from(first)?;
        }
        writing.increment_revision()
    })?;
    Ok(done_outcome(Vec::new(), 0))
}

pub(super) fn import_prices(
    harness: &Harness<'_>,
    closes: &[Correction],
) -> Result<StepOutcome, PlayError> {
    let names = read_names(&harness.store())?;
    let mut rows = "symbol,date,close\n".to_owned();
    for Correction {
        security,
        day,
        close,
    } in closes
    {
        let _ = writeln!(rows, "{},{day},{close}", names.security_on(*security, *day));
    }
    import_rows(harness, FileKind::Prices, &rows)
}

pub(super) fn import_split(harness: &Harness<'_>, split: &Split) -> Result<StepOutcome, PlayError> {
    let symbol = read_names(&harness.store())?.security_on(split.security, split.day);
    let Split { day, new, old, .. } = split;
    let rows = format!("symbol,date,kind,new,old\n{symbol},{day},split,{new},{old}\n");
    import_rows(harness, FileKind::Actions, &rows)
}

pub(super) fn import_transactions(
    harness: &Harness<'_>,
    transactions: &[Transaction],
) -> Result<StepOutcome, PlayError> {
    let names = read_names(&harness.store())?;
    let mut rows = "id,portfolio,date,time,kind,symbol,quantity,price,amount,fee,counterpart,lots,\
         currency,fee_currency,from_amount,from_currency\n"
        .to_owned();
    for transaction in transactions {
        let symbol = transaction
            .security
            .map(|id: SecurityId| names.security_on(id, transaction.day));
        let quantity = (!transaction.quantity.is_zero()).then(|| transaction.quantity.to_string());
        let _ = writeln!(
            rows,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            transaction.reference,
            quoted(&names.portfolio(transaction.portfolio)),
            transaction.day,
            text(transaction.time),
            transaction.kind,
            symbol.unwrap_or_default(),
            quantity.unwrap_or_default(),
            text(transaction.price),
            text(transaction.amount),
            transaction.fee,
            transaction
                .counterpart
                .map(|id| quoted(&names.portfolio(id)))
                .unwrap_or_default(),
            transaction
                .lots
                .as_ref()
                .map(|lots| quoted(&lots.to_string()))
                .unwrap_or_default(),
            text(transaction.cash.currency),
            text(transaction.cash.fee_currency),
            text(transaction.cash.from_amount),
            text(transaction.cash.from_currency),
        );
    }
    import_rows(harness, FileKind::Transactions, &rows)
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// Quotes a CSV field, since names of portfolios may hold commas.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

fn import_rows(
    harness: &Harness<'_>,
    kind: FileKind,
    rows: &str,
) -> Result<StepOutcome, PlayError> {
    let options = ImportOptions {
        // A scenario may correct a close by any factor.
        jumps: Jumps::Allowed,
        restatements: Restatements::Allowed,
        valid_rows: ValidRows::Refused,
        ..ImportOptions::default()
    };
    let import = FileImport {
        kind,
        file: "a step of the scenario".to_owned(),
        text: rows.to_owned(),
        options,
    };
    import_user_file(harness, &import)
}

/// Imports a file with the options of its step. A file of which nothing is imported is a refusal,
/// with the reason of its first invalid or questionable row.
pub(super) fn import_user_file(
    harness: &Harness<'_>,
    import: &FileImport,
) -> Result<StepOutcome, PlayError> {
    let file = SourceFile {
        kind: import.kind,
        name: &import.file,
        bytes: import.text.as_bytes(),
        options: &import.options,
    };
    let settings = harness.settings();
    let context = import_context(harness, &settings);
    let refused = |reason| Ok(StepOutcome::Refused { reason });
    let imported = match import_file(&mut harness.store().writer()?, &file, &context, Mode::Apply) {
        Ok(imported) => imported,
        Err(ApplyError::Store(error)) => return Err(error.into()),
        Err(ApplyError::Import(error)) => return refused(error.refusal.to_string()),
        Err(error) => return refused(error.to_string()),
    };
    let error = imported.first_error().map(|(_, error)| error.to_string());
    let warning = imported.first_warning();
    let warning = warning.map(|(line, warning)| format!("line {line}: warning: {warning}"));
    if imported.status == ImportStatus::Refused {
        return refused(error.or(warning).unwrap_or_default());
    }
    let mut messages: Vec<String> = warning.into_iter().collect();
    if let Some(error) = error {
        messages.push(format!("{} held back: {error}", imported.held_back()));
    }
    invalidated_outcome(harness, messages, &imported.invalidated_cells)
}

/// Returns the calendar and the time by which a step changes sources.
pub(super) fn import_context<'s>(
    harness: &Harness<'_>,
    settings: &'s Settings,
) -> ImportContext<'s> {
    ImportContext {
        calendar: &settings.calendar,
        now: harness.environment().clock.now(),
        profiles: Profiles::shipped(),
    }
}

/// Returns the outcome of a step that changed sources: its messages, and what it invalidated.
pub(super) fn invalidated_outcome(
    harness: &Harness<'_>,
    mut messages: Vec<String>,
    invalidated: &PhaseCells,
) -> Result<StepOutcome, PlayError> {
    let lines = invalidation_lines(invalidated, &read_names(&harness.store())?);
    if lines.is_empty() {
        messages.push("nothing invalidated".to_owned());
    }
    messages.extend(lines);
    Ok(done_outcome(messages, count_cell_phases(invalidated)))
}

pub(super) fn invalidate(
    harness: &Harness<'_>,
    request: &Invalidation,
) -> Result<StepOutcome, PlayError> {
    // An empty list is refused by `from_ids`; only an absent one means all portfolios.
    let scope = match &request.portfolios {
        None => Ok(Scope::AllActive),
        Some(ids) => Scope::from_ids(ids.iter().copied()),
    };
    let scope = match scope {
        Ok(scope) => scope,
        Err(refusal) => {
            return Ok(StepOutcome::Refused {
                reason: refusal.to_string(),
            });
        }
    };
    let (settings, now) = (harness.settings(), harness.environment().clock.now());
    let selection = CellSelection {
        scope: &scope,
        phases: request.phases,
        range: request.days,
    };
    let invalidated = harness.write(|writing| {
        invalidation::invalidate(
            writing,
            &settings.calendar,
            &selection,
            &request.reason,
            now,
        )
    })?;
    let count = count_ids(&invalidated);
    let names = read_names(&harness.store())?;
    Ok(done_outcome(
        invalidation_lines(&invalidated, &names),
        count,
    ))
}

/// Ends the wait of unpriced sessions. A range without one is refused.
pub(super) fn accept_prices(
    harness: &Harness<'_>,
    decision: &PriceAcceptance,
) -> Result<StepOutcome, PlayError> {
    let (settings, now) = (harness.settings(), harness.environment().clock.now());
    let mut writer = harness.store().writer()?;
    match writer.write(|writing| engine::accept_prices(writing, &settings, decision, now)) {
        Ok((_, _, sessions)) => {
            let accepted = sessions.keys().map(|day| format!("{day}  accepted"));
            Ok(done_outcome(accepted.collect(), 0))
        }
        Err(refusal @ EngineError::NothingToAccept(_)) => Ok(StepOutcome::Refused {
            reason: refusal.to_string(),
        }),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn retry(
    harness: &Harness<'_>,
    portfolio: Option<PortfolioId>,
    days: DayRange,
) -> Result<StepOutcome, PlayError> {
    let cleared = harness.write(|writing| {
        let cleared = writing.failures().forget_range(portfolio, days)?;
        // A run that plans at the same time must notice the change and replan.
        writing.increment_revision()?;
        Ok::<_, StoreError>(cleared)
    })?;
    let failures = count_with_noun(cleared as u64, "failure");
    Ok(done_outcome(vec![format!("{failures} cleared")], 0))
}

pub(super) const fn done_outcome(messages: Vec<String>, invalidated_phases: u64) -> StepOutcome {
    StepOutcome::Done {
        messages,
        invalidated_phases,
    }
}

/// Formats invalidated cells, a line for each day and set of phases.
pub(super) fn invalidation_lines(invalidated: &PhaseCells, names: &Names) -> Vec<String> {
    let mut days: BTreeMap<Day, BTreeMap<u32, Vec<&'static str>>> = BTreeMap::new();
    for ((day, phase), portfolios) in invalidated {
        // `prices` and `securities` belong to no portfolio; transcripts list cells only.
        for id in portfolios
            .iter()
            .filter(|_| Phase::CELL_PHASES.contains(phase))
        {
            let phases = days.entry(*day).or_default().entry(id).or_default();
            phases.push(phase.name());
        }
    }
    let mut lines = Vec::new();
    for (day, cells) in days {
        let mut by_phases: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
        for (id, phases) in cells {
            let name = names.portfolio(PortfolioId(id));
            by_phases.entry(phases).or_default().push(name);
        }
        for (phases, portfolios) in by_phases {
            let phases = if phases.len() == Phase::CELL_PHASES.len() {
                "all phases".to_owned()
            } else {
                phases.join(", ")
            };
            let portfolios = crate::scenario::names::format_names(&portfolios);
            lines.push(format!("{day}  {portfolios} invalidated: {phases}"));
        }
    }
    lines
}
