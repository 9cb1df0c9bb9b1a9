//! Measures the statistics of the securities that a session's cells hold, market by market.

use std::collections::BTreeSet;

use super::markets::Markets;
use crate::domain::{Currency, SecurityId};
use crate::parallel::map_chunks;
use crate::phases::{CurrencyReturns, Market, SessionStatistics, measure};

/// Securities that one thread measures at a time.
const MEASURED_AT_ONCE: usize = 64;

/// The holdings of all portfolios in one currency.
#[derive(Clone)]
pub(super) struct HeldInCurrency {
    pub(super) currency: Currency,
    /// Ascending by their ids.
    pub(super) securities: Vec<SecurityId>,
    /// The foreign currencies of their cash.
    pub(super) cash: BTreeSet<Currency>,
}

/// A market on the day of the session, with the statistics of the securities that its portfolios
/// hold.
pub(super) struct MarketSession<'m> {
    pub(super) market: &'m Market,
    pub(super) session: usize,
    pub(super) statistics: SessionStatistics,
}

/// Measures the securities of each market with a session on the day. That of the database measures
/// those of the others too.
pub(super) fn measure_markets<'m>(
    markets: &'m Markets,
    sessions: &[Option<usize>],
    held: Vec<(usize, HeldInCurrency)>,
) -> Vec<Option<MarketSession<'m>>> {
    let mut by_market: Vec<Vec<HeldInCurrency>> = vec![Vec::new(); sessions.len()];
    let mut of_others = Vec::new();
    for (market, held) in held {
        if market > 0 {
            of_others.extend(held.securities.iter().copied());
        }
        by_market[market].push(held);
    }
    let each = markets.all().iter().zip(sessions).zip(by_market);
    let measured = each.map(|((market, session), held)| {
        let session = (*session)?;
        Some(MarketSession {
            market,
            session,
            statistics: measure_all(market, session, held, std::mem::take(&mut of_others)),
        })
    });
    measured.collect()
}

/// Measures the securities of all currencies and the `others`, and converts the returns of those
/// that portfolios in another currency hold.
fn measure_all(
    market: &Market,
    session: usize,
    held: Vec<HeldInCurrency>,
    others: Vec<SecurityId>,
) -> SessionStatistics {
    let ids = held.iter().flat_map(|held| held.securities.iter().copied());
    let mut all: Vec<_> = ids.chain(others).collect();
    all.sort_unstable();
    all.dedup();
    let chunks = map_chunks(all, MEASURED_AT_ONCE, |securities| {
        measure(market, session, &securities)
    });
    let mut statistics = SessionStatistics::from_chunks(market, session, chunks);
    for HeldInCurrency {
        currency,
        securities,
        cash,
    } in held
    {
        let returns = CurrencyReturns::new(market, session, currency, &securities, &cash);
        let Some(returns) = returns else {
            continue;
        };
        let chunks = map_chunks(securities, MEASURED_AT_ONCE, |securities| {
            returns.measure(&statistics, &securities)
        });
        returns.add_to(&mut statistics, chunks);
    }
    statistics
}
