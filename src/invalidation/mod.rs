//! Invalidates the cells that a change affects: finds them, and removes them from the ledger with
//! a durable reason, in the transaction of the change. It must not miss one: a cell that stays in
//! the ledger is not computed again.
//!
//! The rules are in `docs/invalidation.md`. One file for each kind of change records the cause,
//! words the reason and finds the cells:
//!
//! | file | change |
//! |---|---|
//! | `prices` | closes, of held securities, exchange rates, benchmark and factors |
//! | `splits` | splits |
//! | `corporate_actions` | other corporate actions |
//! | `transactions` | transactions that are added, corrected or voided |
//! | `securities` | sector, class, multiplier, currency and calendar of a security |
//! | `closed_sessions` | sessions on which a security is closed, by another calendar or other sessions of it |
//! | `portfolios` | currency, cost basis and fees of a portfolio |
//! | `portfolio_calendars` | sessions of portfolios, by another calendar or other sessions of it |
//! | `own_calendar` | a calendar of the user's own that is replaced by another one of its name |
//! | `lifecycle` | deletion, restoration and closing of a portfolio, which remove no cell |
//! | `risk_model`, `calendar` | configuration that a run puts in force |
//! | `pending` | the same before the run: what it will invalidate |
//! | `request` | forced runs and requests of an operator |
//!
//! They share:
//!
//! | file | holds |
//! |---|---|
//! | `facts` | facts read from the store, each once |
//! | `freshest_prices` | the prices of changed currency pairs, as fresh as before or after a change |
//! | `price_uses`, `rate_uses`, `cash_uses`, `holders`, `movement_effects` | cells that use changed prices: of all, of rates, of rates of cash, of holders, through transfers and trades |
//! | `read_once` | reads a value on first use |
//! | `ownership` | the portfolios that hold a security, session by session |
//! | `received` | movements of a security by corporate actions |
//! | `failures` | forgets the failures of cells that a change may have repaired |
//! | `carried_lots` | cells of portfolios that carry the lots of others |
//! | `affected_sessions`, `affected_cells` | sessions with changed prices or returns; cells to remove |
//! | `ledger` | removes cells with a reason, and closes completed invalidations |
//!
//! The cost grows with the transactions of the changed security and with the sessions passed, never
//! with cells: the holders are one bitmap that is updated from session to session. Sessions are an
//! interval of the calendar that starts one session before the change, if there is one, and ends
//! with the last day of the ledger. An index is a position in this interval.

mod affected_cells;
mod affected_sessions;
mod calendar;
mod carried_lots;
mod cash_uses;
mod closed_sessions;
mod corporate_actions;
mod facts;
mod failures;
mod freshest_prices;
mod holders;
mod ledger;
pub mod lifecycle;
mod movement_effects;
mod own_calendar;
mod ownership;
mod pending;
mod portfolio_calendars;
mod portfolios;
mod price_uses;
mod prices;
mod rate_uses;
mod read_once;
mod received;
mod request;
mod risk_model;
#[cfg(test)]
mod sample;
mod securities;
mod splits;
mod transactions;

pub(crate) use calendar::sync_calendar;
pub(crate) use corporate_actions::{invalidate_actions, invalidate_deleted_action};
pub(crate) use failures::forget_failures;
pub(crate) use ledger::close_completed;
pub use ledger::remove_cells;
pub(crate) use own_calendar::register_calendar;
pub(crate) use ownership::holding_changes;
pub use pending::PendingInvalidations;
pub(crate) use portfolios::invalidate_portfolios;
pub(crate) use prices::{invalidate_closes, invalidate_deleted_closes};
pub(crate) use received::ActionHistory;
pub use request::{force, invalidate};
pub(crate) use risk_model::sync_risk_model;
pub(crate) use securities::invalidate_attributes;
pub(crate) use splits::{invalidate_deleted_split, invalidate_splits};
pub(crate) use transactions::invalidate_transactions;
