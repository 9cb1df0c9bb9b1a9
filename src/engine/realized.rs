//! Books a portfolio again to list the lots that it closed. Writes nothing.

use super::error::EngineError;
use super::inputs::{self, CloseSelection};
use super::settings::Settings;
use crate::domain::{Day, IdSet, PortfolioId};
use crate::phases::{Books, Market, RealizedLot};
use crate::store::ReadTransaction;

/// A closed lot with the ids of its transactions.
pub(crate) struct ClosedPosition {
    pub(crate) lot: RealizedLot,
    /// The id of the transaction that opened the lot.
    pub(crate) opened_by: String,
    /// The id of the transaction that closed it; `None` if a split or another corporate action did.
    pub(crate) closed_by: Option<String>,
    /// The session on which the closing counts.
    pub(crate) session: Day,
}

/// Returns the lots that a portfolio closed up to and including `last`, a session, in the order of
/// closing; or, as text for people, the reason that its transactions cannot be booked.
pub(crate) fn closed_positions(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    portfolio: PortfolioId,
    last: Day,
) -> Result<Result<Vec<ClosedPosition>, String>, EngineError> {
    let ids = IdSet::from([portfolio.0]);
    let inputs = inputs::load(reading, settings, &ids, last, CloseSelection::Needed)?;
    let Some(state) = inputs.portfolios.first() else {
        return Ok(Ok(Vec::new()));
    };
    let transactions = state.history.transactions();
    let id = |at: u32| transactions[at as usize].reference.clone();
    let market = inputs.markets.of(state.id);
    let closed = Books::realized_lots(market, &state.history).map(|lots| {
        let lots = lots.into_iter().map(|lot| ClosedPosition {
            opened_by: id(lot.opened.transaction),
            closed_by: lot.closed_by.map(id),
            session: counts_on(market, lot.closed),
            lot,
        });
        lots.collect()
    });
    Ok(closed.map_err(|error| error.with_symbol(market)))
}

/// Returns the session on which an event of a day counts: the first one on or after it.
fn counts_on(market: &Market, day: Day) -> Day {
    let sessions = market.sessions();
    let at = sessions.partition_point(|session| *session < day);
    sessions.get(at).copied().unwrap_or(day)
}
