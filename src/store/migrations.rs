//! The schema as an append-only list of steps. A released step is never edited: databases that
//! have applied it would differ from those that apply the edited one.

use rusqlite::{Connection, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::error::StoreError;

#[cfg(test)]
mod tests;

const STEPS: &[M<'static>] = &[
    M::up(include_str!("schema/001_books.sql")),
    M::up(include_str!("schema/002_tokens.sql")),
    M::up(include_str!("schema/003_alerts.sql")),
    M::up(include_str!("schema/004_names.sql")),
    M::up(include_str!("schema/005_calendar.sql")),
    M::up(include_str!("schema/006_accepted_prices.sql")),
    M::up(include_str!("schema/007_outbox_claim.sql")),
    M::up(include_str!("schema/008_risk_without_figures.sql")),
    M::up(include_str!("schema/009_digests.sql")),
    M::up(include_str!("schema/010_transaction_time.sql")),
    M::up(include_str!("schema/011_verification.sql")),
    M::up(include_str!("schema/012_cost_basis.sql")),
    M::up(include_str!("schema/013_corrections.sql")),
    M::up(include_str!("schema/014_sessions_per_year.sql")),
    M::up(include_str!("schema/015_transfers.sql")),
    M::up(include_str!("schema/016_fine_amounts.sql")),
    M::up(include_str!("schema/017_security_calendars.sql")),
    M::up(include_str!("schema/018_corporate_actions.sql")),
    M::up(include_str!("schema/019_cash_currencies.sql")),
    M::up(include_str!("schema/020_portfolio_calendars.sql")),
    M::up(include_str!("schema/021_former_symbols.sql")),
    M::up(include_str!("schema/022_action_changes.sql")),
    M::up(include_str!("schema/023_currencies_of_cash.sql")),
    M::up(include_str!("schema/024_seal.sql")),
];

/// Returns the schema that this version writes: the number of steps.
pub(super) const fn newest() -> i64 {
    STEPS.len() as i64
}

/// Brings the schema up to date.
///
/// One transaction applies all missing steps and raises `user_version`, so a crash leaves the old
/// schema or the new one.
pub(super) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    // A deferred transaction that upgrades fails at once while another process writes. An immediate
    // one waits for it.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let applied = Migrations::from_slice(STEPS).to_latest(connection);
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
