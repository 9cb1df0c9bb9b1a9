//! Which cells wait for prices: a wrong snapshot is worse than a missing one.
//!
//! Only the last sessions before the target are looked at, only those on which some security
//! lacks a close that it should have, and only the portfolios that ever moved such a security.

use std::collections::BTreeMap;

use super::inputs::{self, CloseSelection, Inputs};
use super::portfolio_state::PortfolioState;
use super::{EngineError, PriceWait, Settings};
use crate::domain::output::Position;
use crate::domain::{AssetClass, Day, IdSet, PriceQuality, Security, SecurityId};
use crate::phases::{Market, PhaseError};
use crate::plan::{BlockReason, BlockedCell, Plan};
use crate::store::{ReadTransaction, StoreError};

/// The cells among the steps of `unhindered`, a plan made as if nothing waited, whose inputs
/// aren't there yet. `sessions` are those of its survey.
pub(super) fn blocked_cells(
    reading: &ReadTransaction<'_>,
    unhindered: &Plan,
    sessions: &[Day],
    settings: &Settings,
) -> Result<BTreeMap<Day, Vec<BlockedCell>>, EngineError> {
    let mut blocked = BTreeMap::new();
    let target = unhindered.target.day;
    let until_target = sessions.partition_point(|day| *day <= target);
    let first = until_target.saturating_sub(settings.price_wait.sessions);
    let recent = sessions.get(first..until_target).unwrap_or(&[]);

    if recent
        .iter()
        .all(|day| unhindered.steps_on(*day).next().is_none())
    {
        return Ok(blocked);
    }
    let securities = reading.securities()?;
    let mut suspects: BTreeMap<Day, IdSet> = BTreeMap::new();
    for day in recent {
        let needed: IdSet = unhindered.steps_on(*day).map(|(id, _, _)| id.0).collect();
        let suspect = holders_of_unpriced(reading, &securities, *day)? & needed;
        if !suspect.is_empty() {
            suspects.insert(*day, suspect);
        }
    }
    let (Some(last), who) = (suspects.keys().last(), union(&suspects)) else {
        return Ok(blocked);
    };
    let mut inputs = inputs::load(reading, settings, &who, *last, CloseSelection::Needed)?;
    for (day, suspect) in &suspects {
        let found = blocked_on(*day, suspect, &mut inputs, &settings.price_wait);
        if !found.is_empty() {
            blocked.insert(*day, found);
        }
    }
    Ok(blocked)
}

fn union(days: &BTreeMap<Day, IdSet>) -> IdSet {
    days.values().fold(IdSet::new(), |all, day| all | day)
}

/// Who ever moved a security that lacks a close it should have on `day`.
fn holders_of_unpriced(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    day: Day,
) -> Result<IdSet, StoreError> {
    let priced = reading.priced_securities(day)?;
    let mut holders = IdSet::new();
    for security in securities {
        let held = !matches!(security.class, AssetClass::Index | AssetClass::Fx);
        if held && security.is_price_expected(day) && !priced.contains(security.id.0) {
            holders.extend(
                reading
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
    waiting: &PriceWait,
) -> Vec<BlockedCell> {
    let Inputs {
        market,
        portfolios: workers,
        ..
    } = inputs;
    let Some(session) = market.session_index(day) else {
        return Vec::new();
    };
    let asked = workers.iter_mut().filter(|one| suspect.contains(one.id.0));
    asked
        .filter_map(|worker| {
            let why = block_reason(market, worker, session, waiting)?;
            Some(BlockedCell {
                portfolio: worker.id,
                reason: why,
            })
        })
        .collect()
}

/// Why one cell waits, if it does. A cell whose books fail is not waiting: its run will say why.
fn block_reason(
    market: &Market,
    worker: &mut PortfolioState,
    session: usize,
    waiting: &PriceWait,
) -> Option<BlockReason> {
    let positions = match worker.books.value_on(market, &worker.history, session) {
        Ok(valuation) => valuation.positions,
        Err(PhaseError::MissingRate { from, to, .. }) => {
            return Some(BlockReason::MissingRate {
                pair: from.pair_with(to),
            });
        }
        Err(_) => return None,
    };
    let missing: Vec<_> = positions
        .iter()
        .filter(|position| is_missing_price(market, worker, session, position, waiting))
        .collect();
    let size = |position: &Position| i128::from(position.value.units()).abs();
    let gross: i128 = positions.iter().map(size).sum();
    let unpriced: i128 = missing.iter().map(|position| size(position)).sum();
    if gross == 0 {
        return None;
    }
    let covered_share = 1.0 - unpriced as f64 / gross as f64;
    (covered_share < waiting.min_priced_share).then(|| BlockReason::MissingPrices {
        covered_share,
        missing: missing.iter().map(|position| position.security).collect(),
    })
}

/// Whether a holding lacks a close of the session that is still worth waiting for.
fn is_missing_price(
    market: &Market,
    worker: &PortfolioState,
    session: usize,
    position: &Position,
    waiting: &PriceWait,
) -> bool {
    let day = market.sessions()[session];
    let expected = market
        .security(position.security)
        .is_some_and(|security| security.is_price_expected(day));
    expected
        && match position.quality {
            PriceQuality::Fresh => false,
            PriceQuality::Stale(sessions) => sessions <= waiting.dead_after_sessions,
            PriceQuality::Cost | PriceQuality::None => {
                sessions_held(market, worker, position.security, session)
                    <= usize::from(waiting.dead_after_sessions)
            }
        }
}

/// For how many sessions a portfolio has known a security.
fn sessions_held(
    market: &Market,
    worker: &PortfolioState,
    security: SecurityId,
    session: usize,
) -> usize {
    let first = worker
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
