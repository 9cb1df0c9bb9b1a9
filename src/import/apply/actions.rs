//! Writes corporate actions of files and deletes single ones, with the history of both.

use std::collections::{BTreeMap, BTreeSet};

use super::context::ImportContext;
use super::records::existing_securities;
use super::withdraw::{ActionToDelete, WithdrawError, check_shortfalls};
use crate::domain::{
    ActionChange, ActionName, ActionRecord, Attribution, Correction, Day, PhaseCells, PortfolioId,
    Security, SecurityId, SplitChange, action_terms, count_cell_phases, nearest, split_terms,
};
use crate::import::actions::{ActionChanges, check_symbols};
use crate::import::existing::ExistingRecords;
use crate::import::transactions::{Shortfall, shortfalls};
use crate::import::warning::Warning;
use crate::invalidation::{
    ActionHistory, forget_failures, invalidate_actions, invalidate_deleted_action,
    invalidate_deleted_split, invalidate_splits,
};
use crate::store::{StoreError, WriteTransaction, Writer};

/// The action that was deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct DeletedAction {
    /// Its symbol, day and kind.
    pub action: ActionToDelete,
    /// The terms that it had.
    pub terms: String,
    /// Sales that take more than is then held.
    pub warnings: Vec<Warning>,
    /// Ids removed from the ledger.
    pub invalidated_cells: PhaseCells,
}

impl DeletedAction {
    /// Returns the number of phases removed from the ledger, summed over cells.
    pub fn invalidated_count(&self) -> u64 {
        count_cell_phases(&self.invalidated_cells)
    }
}

/// Stores the corporate actions that a file adds or corrects.
pub(super) fn apply_actions(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: ActionChanges,
) -> Result<PhaseCells, StoreError> {
    record_corrections(writing, context, &changes)?;
    for change in &changes.splits {
        writing.splits().set_one(change.kind, &change.split)?;
    }
    let actions: Vec<_> = changes.actions.iter().map(|change| change.action).collect();
    writing.corporate_actions().set(&actions)?;
    // No figure depends on a symbol, so no cell is invalidated: sums run in the order of the first
    // symbols, which stays.
    let renamed: Vec<_> = changes.symbols.iter().map(|change| &change.now).collect();
    writing.securities().set_symbols(&renamed)?;
    forget_failures(writing, |failed| {
        for SplitChange { split, .. } in &changes.splits {
            failed.of_security(split.security, split.day)?;
        }
        for ActionChange { was, action } in &changes.actions {
            failed.of_security(action.security, action.day)?;
            // Another portfolio can have taken over lots of the security that it delivered before.
            if let Some(delivery) = was.and_then(|was| was.received) {
                failed.of_lots(delivery.security, action.day)?;
            }
        }
        Ok(())
    })?;
    let mut cells = invalidate_splits(writing, context.calendar, &changes.splits, context.now)?;
    let others = invalidate_actions(writing, context.calendar, &changes.actions, context.now)?;
    for (at, ids) in others {
        *cells.entry(at).or_default() |= ids;
    }
    Ok(cells)
}

fn record_corrections(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: &ActionChanges,
) -> Result<(), StoreError> {
    let mut records = Vec::new();
    let mut add = |(security, day, kind), was, became| {
        records.push(ActionRecord {
            security,
            day,
            kind,
            at: context.now,
            was,
            became: Ok(became),
        });
    };
    for change in &changes.splits {
        if let Some(was) = &change.was {
            let key = (was.security, was.day, ActionName::Split(change.kind));
            add(key, split_terms(was), split_terms(&change.split));
        }
    }
    let known = match changes.actions.iter().any(|change| change.was.is_some()) {
        true => existing_securities(writing)?,
        false => ExistingRecords::default(),
    };
    for change in &changes.actions {
        if let Some(was) = &change.was {
            let key = (was.security, was.day, ActionName::Other(was.kind));
            let symbol = |id| known.symbol_of(id);
            let became = action_terms(&change.action, symbol);
            add(key, action_terms(was, symbol), became);
        }
    }
    for Correction { was, now } in &changes.symbols {
        for former in &was.former_symbols {
            let day = former.until;
            let key = (was.id, day, ActionName::SymbolChange);
            let (before, after) = (was.symbol_on(day), now.symbol_on(day));
            if before != after {
                add(key, before.to_owned(), after.to_owned());
            }
        }
    }
    for record in &records {
        writing.action_changes().record(record)?;
    }
    Ok(())
}

/// Deletes a corporate action. The books then equal those that never knew it.
///
/// # Errors
///
/// Fails if there is no such action, or several; if a transfer would take more than is then held; if
/// another security has the symbol that comes back; or if the store fails.
pub fn delete_action(
    writer: &mut Writer,
    action: &ActionToDelete,
    attribution: &Attribution,
    context: &ImportContext<'_>,
) -> Result<DeletedAction, WithdrawError> {
    writer.write(|writing| {
        let (_, model) = writing.risk_models().in_force()?;
        let known = existing_securities(writing)?.with_model(&model);
        let security = find_security(&known, action)?;
        let mut warnings = Vec::new();
        let (terms, invalidated_cells) = match action.kind {
            ActionName::Split(kind) => {
                let splits = writing.splits().recorded_of(security.id)?;
                let mut splits = splits.into_iter();
                let split = splits.find(|(own, split)| (*own, split.day) == (kind, action.day));
                let (_, split) = split.ok_or_else(|| WithdrawError::NoAction(action.clone()))?;
                warnings = check_holdings(writing, security.id, || {
                    writing.splits().delete(kind, security.id, split.day)
                })?;
                forget(writing, security.id, split.day)?;
                let deleted = (kind, &split);
                let cells =
                    invalidate_deleted_split(writing, context.calendar, deleted, context.now)?;
                (split_terms(&split), cells)
            }
            ActionName::SymbolChange => {
                let now = security.without_symbol_change(action.day);
                let now = now.ok_or_else(|| WithdrawError::NoAction(action.clone()))?;
                check_symbols(security, &now, &known)?;
                writing.securities().set_symbols(&[&now])?;
                let terms = security.symbol_on(action.day).to_owned();
                (terms, PhaseCells::new())
            }
            ActionName::Other(kind) => {
                let mut found = writing.corporate_actions().all()?;
                found.retain(|known| {
                    (known.security, known.day, known.kind) == (security.id, action.day, kind)
                });
                if let Some(symbol) = &action.received {
                    let wanted = known
                        .on_or_named(symbol, action.day)
                        .map(|wanted| wanted.id);
                    found.retain(|known| {
                        wanted.is_some() && known.received.map(|of| of.security) == wanted
                    });
                }
                let deleted = match found.as_slice() {
                    [] => return Err(WithdrawError::NoAction(action.clone())),
                    [deleted] => *deleted,
                    _ => return Err(WithdrawError::SeveralActions(action.clone())),
                };
                forget(writing, security.id, deleted.day)?;
                warnings = check_holdings(writing, security.id, || {
                    writing.corporate_actions().delete(&deleted)
                })?;
                let cells =
                    invalidate_deleted_action(writing, context.calendar, &deleted, context.now)?;
                (action_terms(&deleted, |id| known.symbol_of(id)), cells)
            }
        };
        writing.action_changes().record(&ActionRecord {
            security: security.id,
            day: action.day,
            kind: action.kind,
            at: context.now,
            was: terms.clone(),
            became: Err(attribution.clone()),
        })?;
        // A run that planned with the old sources notices the new revision.
        writing.increment_revision()?;
        Ok(DeletedAction {
            action: action.clone(),
            terms,
            warnings,
            invalidated_cells,
        })
    })
}

fn find_security<'k>(
    known: &'k ExistingRecords,
    action: &ActionToDelete,
) -> Result<&'k Security, WithdrawError> {
    let symbol = &action.symbol;
    // A change of symbol is named by the symbol before it, as in files, or by the one after it.
    let before = match action.kind {
        ActionName::SymbolChange => known.require_security(symbol, action.day.previous()).ok(),
        _ => None,
    };
    let found = before.or_else(|| known.on_or_named(symbol, action.day));
    found.ok_or_else(|| WithdrawError::UnknownSymbol {
        symbol: symbol.clone(),
        nearest: nearest(
            symbol,
            known.securities().map(|known| known.symbol.as_str()),
        ),
    })
}

fn forget(
    writing: &WriteTransaction<'_>,
    security: SecurityId,
    day: Day,
) -> Result<(), StoreError> {
    forget_failures(writing, |failed| failed.of_security(security, day))
}

/// Deletes an action of a security by `delete`. Refuses if a transfer then takes more than is held, of
/// the security or of those received for it, and returns warnings about sales that then open a short
/// position.
fn check_holdings(
    writing: &WriteTransaction<'_>,
    security: SecurityId,
    delete: impl FnOnce() -> Result<(), StoreError>,
) -> Result<Vec<Warning>, WithdrawError> {
    let actions = ActionHistory::read(writing)?;
    let mut moved = BTreeSet::from([security]);
    moved.extend(actions.received_for(&moved).into_keys());
    let mut portfolios = BTreeSet::new();
    for origin in actions.origins(security) {
        portfolios.extend(writing.entries().portfolios_trading(origin)?);
    }
    let known = existing_securities(writing)?;
    let before = shortfalls_of(writing, &actions, &known, (&portfolios, &moved))?;
    delete()?;
    let actions = ActionHistory::read(writing)?;
    let after = shortfalls_of(writing, &actions, &known, (&portfolios, &moved))?;
    check_shortfalls(&before, after, &known)
}

/// Returns the sales and transfers of these securities that take more than is held, with the units
/// that corporate actions move.
fn shortfalls_of(
    writing: &WriteTransaction<'_>,
    actions: &ActionHistory,
    known: &ExistingRecords,
    (portfolios, securities): (&BTreeSet<PortfolioId>, &BTreeSet<SecurityId>),
) -> Result<BTreeMap<String, Shortfall>, StoreError> {
    let mut splits = Vec::new();
    for security in securities {
        splits.extend(writing.splits().recorded_of(*security)?);
    }
    let known = known.clone().with_recorded_splits(splits);
    let mut found = BTreeMap::new();
    for portfolio in portfolios {
        let mut entries = Vec::new();
        for security in securities {
            entries.extend(actions.entries(writing, *security, Some(*portfolio))?);
        }
        found.append(&mut shortfalls(&entries, &known, |_| Vec::new()));
    }
    Ok(found)
}
