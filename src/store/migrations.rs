//! The schema as an append-only list of steps. A released step is never edited: databases that
//! have applied it would differ from those that apply the edited one.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use rusqlite_migration::{HookError, M, Migrations};

use super::error::StoreError;

#[cfg(test)]
mod tests;

const STEPS: &[&str] = &[
    include_str!("schema/001_books.sql"),
    include_str!("schema/002_tokens.sql"),
    include_str!("schema/003_alerts.sql"),
    include_str!("schema/004_names.sql"),
    include_str!("schema/005_calendar.sql"),
    include_str!("schema/006_accepted_prices.sql"),
    include_str!("schema/007_outbox_claim.sql"),
    include_str!("schema/008_risk_without_figures.sql"),
    include_str!("schema/009_digests.sql"),
    include_str!("schema/010_transaction_time.sql"),
    include_str!("schema/011_verification.sql"),
    include_str!("schema/012_cost_basis.sql"),
    include_str!("schema/013_corrections.sql"),
    include_str!("schema/014_sessions_per_year.sql"),
    include_str!("schema/015_transfers.sql"),
    include_str!("schema/016_fine_amounts.sql"),
    include_str!("schema/017_security_calendars.sql"),
    include_str!("schema/018_corporate_actions.sql"),
    include_str!("schema/019_cash_currencies.sql"),
    include_str!("schema/020_portfolio_calendars.sql"),
    include_str!("schema/021_former_symbols.sql"),
    include_str!("schema/022_action_changes.sql"),
    include_str!("schema/023_currencies_of_cash.sql"),
    include_str!("schema/024_seal.sql"),
    include_str!("schema/025_lease_acquired.sql"),
    include_str!("schema/026_former_attributes.sql"),
    include_str!("schema/027_aged_moves.sql"),
    include_str!("schema/028_unpriced_check.sql"),
    include_str!("schema/029_price_requests.sql"),
];

/// Returns the schema that this version writes: the number of steps.
pub(super) const fn newest() -> i64 {
    STEPS.len() as i64
}

/// Brings the schema up to date.
///
/// One transaction applies all missing steps, calls `finish` and raises `user_version`, so a crash
/// leaves the old schema or the new one with all that belongs to it.
pub(super) fn apply(
    connection: &mut Connection,
    finish: impl Fn(&Connection) -> Result<(), StoreError> + Clone + Send + Sync + 'static,
) -> Result<(), StoreError> {
    let mut steps: Vec<_> = STEPS.iter().map(|sql| M::up(sql)).collect();
    if let (Some(last), Some(sql)) = (steps.last_mut(), STEPS.last()) {
        *last = M::up_with_hook(sql, move |transaction: &Transaction<'_>| {
            finish(transaction).map_err(|error| HookError::Hook(error.to_string()))
        });
    }
    // A deferred transaction that upgrades fails at once while another process writes. An immediate
    // one waits for it.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let applied = Migrations::new(steps).to_latest(connection);
    connection.set_transaction_behavior(TransactionBehavior::Deferred);
    // The version is read before the transaction begins. If another process has migrated the file
    // in between, the steps fail on its schema and there is nothing left to do.
    match applied {
        Err(_) if version(connection)? == newest() => Ok(()),
        applied => Ok(applied?),
    }
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
