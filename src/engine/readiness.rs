//! Finds the cells that wait for prices or rates, so that a run does not store wrong snapshots.
//!
//! To stay cheap it looks only at the last few sessions up to the target. Of these it checks only
//! the ones on which a security lacks an expected close, and there only the portfolios that ever
//! traded such a security. A rate that is missing elsewhere is found when the run computes the
//! cell. On an unpriced session (`session_prices`) all cells wait anyway.

use std::collections::BTreeMap;

use super::error::EngineError;
use super::inputs::{self, CloseSelection, Inputs};
use super::portfolio_state::PortfolioState;
use super::session_prices::SessionPrices;
use super::settings::{PriceWait, Settings};
use crate::domain::output::Position;
use crate::domain::{AssetClass, Day, IdSet, PriceQuality, Security, SecurityId};
use crate::phases::{Market, PhaseError};
use crate::plan::{BlockReason, BlockedCell, Plan};
use crate::store::{ReadTransaction, StoreError};

/// Returns the cells among the steps of `unhindered`, a plan made as if nothing waited, whose
/// inputs are missing. Those of unpriced sessions are not among them. `sessions` are those of its
/// survey.
pub(super) fn blocked_cells(
    reading: &ReadTransaction<'_>,
    unhindered: &Plan,
    sessions: &[Day],
    settings: &Settings,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<BTreeMap<Day, Vec<BlockedCell>>, EngineError> {
    let mut blocked = BTreeMap::new();
    let target = unhindered.target.day;
    let until_target = sessions.partition_point(|day| *day <= target);
    let first = until_target.saturating_sub(settings.price_wait.sessions);
    let recent = sessions.get(first..until_target).unwrap_or(&[]);

    // Most runs of a complete database end here, before any security is read.
    if recent
        .iter()
        .all(|day| unhindered.steps_on(*day).next().is_none())
    {
        return Ok(blocked);
    }
    let securities = reading.securities().all()?;
    let mut suspects: BTreeMap<Day, IdSet> = BTreeMap::new();
    for day in recent {
        if prices.is_accepted(*day) || prices.unpriced(*day)?.is_some() {
            continue;
        }
        // Without these two filters every recent session would load books of all portfolios.
        let needed: IdSet = unhindered.steps_on(*day).map(|(id, _, _)| id.0).collect();
        let suspect = holders_of_unpriced(reading, &securities, *day)? & needed;
        if !suspect.is_empty() {
            suspects.insert(*day, suspect);
        }
    }
    let (Some(last), ids) = (suspects.keys().last(), union(&suspects)) else {
        return Ok(blocked);
    };
    let mut inputs = inputs::load(reading, settings, &ids, *last, CloseSelection::Needed)?;
    // Ascending, because books only move forward.
    for (day, suspect) in &suspects {
        let found = blocked_on(*day, suspect, &mut inputs, &settings.price_wait, prices)?;
        if !found.is_empty() {
            blocked.insert(*day, found);
        }
    }
    Ok(blocked)
}

fn union(days: &BTreeMap<Day, IdSet>) -> IdSet {
    days.values().fold(IdSet::new(), |all, day| all | day)
}

/// Returns the portfolios that ever traded a security that lacks an expected close on `day`.
fn holders_of_unpriced(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    day: Day,
) -> Result<IdSet, StoreError> {
    let priced = reading.closes().priced_securities(day)?;
    let mut holders = IdSet::new();
    for security in securities {
        // An index or a rate is not held; missing rates show when books are computed.
        let can_be_held = !matches!(security.class, AssetClass::Index | AssetClass::Fx);
        if can_be_held && security.is_price_expected(day) && !priced.contains(security.id.0) {
            holders.extend(
                reading
                    .entries()
                    .portfolios_trading(security.id)?
                    .iter()
                    .map(|id| id.0),
            );
        }
    }
    Ok(holders)
}

fn blocked_on(
    day: Day,
    suspect: &IdSet,
    inputs: &mut Inputs,
    price_wait: &PriceWait,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<Vec<BlockedCell>, StoreError> {
    let Inputs {
        market,
        portfolios: states,
        ..
    } = inputs;
    let Some(session) = market.session_index(day) else {
        return Ok(Vec::new());
    };
    let mut blocked = Vec::new();
    for state in states
        .iter_mut()
        .filter(|state| suspect.contains(state.id.0))
    {
        if let Some(reason) = block_reason(market, state, session, price_wait, prices)? {
            blocked.push(BlockedCell {
                portfolio: state.id,
                reason,
            });
        }
    }
    Ok(blocked)
}

/// Returns the reason that a cell waits, if it does. A cell whose books fail does not wait: the run
/// tries it and reports the failure.
fn block_reason(
    market: &Market,
    state: &mut PortfolioState,
    session: usize,
    price_wait: &PriceWait,
    prices: &mut SessionPrices<'_, '_>,
) -> Result<Option<BlockReason>, StoreError> {
    let positions = match state.books.value_on(market, &state.history, session) {
        Ok(valuation) => valuation.positions,
        Err(PhaseError::MissingRate { from, to, .. }) => {
            return Ok(Some(BlockReason::MissingRate {
                pair: from.pair_with(to),
            }));
        }
        Err(_) => return Ok(None),
    };
    let mut missing = Vec::new();
    for position in &positions {
        let limit = usize::from(price_wait.dead_after_sessions);
        if let Some(waited) = sessions_without_close(market, state, session, position)
            && !prices.has_more_priced(waited, limit)?
        {
            missing.push(position);
        }
    }
    let size = |position: &Position| i128::from(position.value.units()).abs();
    let gross: i128 = positions.iter().map(size).sum();
    let unpriced: i128 = missing.iter().map(|position| size(position)).sum();
    // Nothing of value is held, so no price can be missed.
    if gross == 0 {
        return Ok(None);
    }
    let covered_share = 1.0 - unpriced as f64 / gross as f64;
    let is_blocked = covered_share < price_wait.min_priced_share;
    Ok(is_blocked.then(|| BlockReason::MissingPrices {
        covered_share,
        missing: missing.iter().map(|position| position.security).collect(),
    }))
}

/// Returns the sessions up to `session` without a close of a holding; `None` if it has one of the
/// session or none is expected. Without any close, the sessions after the first transaction count,
/// so that this wait ends as well.
fn sessions_without_close<'m>(
    market: &'m Market,
    state: &PortfolioState,
    session: usize,
    position: &Position,
) -> Option<&'m [Day]> {
    let sessions = market.sessions();
    let is_expected = market
        .security(position.security)
        .is_some_and(|security| security.is_price_expected(sessions[session]));
    let count = match position.quality {
        PriceQuality::Fresh => return None,
        PriceQuality::Stale(age) => usize::from(age),
        PriceQuality::Cost | PriceQuality::None => {
            sessions_held(market, state, position.security, session)
        }
    };
    is_expected.then(|| &sessions[session + 1 - count.min(session + 1)..=session])
}

/// Returns the number of sessions since the first transaction in a security.
fn sessions_held(
    market: &Market,
    state: &PortfolioState,
    security: SecurityId,
    session: usize,
) -> usize {
    let first = state
        .history
        .transactions()
        .iter()
        .find(|transaction| transaction.security == Some(security))
        .map_or(market.sessions()[session], |transaction| transaction.day);
    session
        - market
            .sessions()
            .partition_point(|day| *day < first)
            .min(session)
}
