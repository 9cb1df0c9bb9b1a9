//! Finds the cells affected by changed prices of a security, by each use of a price: the value of
//! a holding, an exchange rate, the benchmark or a factor.

use super::affected_cells::AffectedCells;
use super::affected_sessions::AffectedSessions;
use super::cash_uses::affected_by_cash_uses;
use super::facts::Facts;
use super::freshest_prices::FreshestPrices;
use super::holders::affected_by_price;
use super::ownership::Ownership;
use super::rate_uses::affected_by_rate_uses;
use crate::domain::{Day, IdSet, Phase, PhaseSet, Security};
use crate::store::StoreError;

/// Returns the cells affected by prices of `security` on the `changed` sessions. `owners` is the
/// ownership of that security.
pub(super) fn affected_by_price_uses(
    facts: &Facts<'_>,
    security: &Security,
    freshest: &FreshestPrices<'_>,
    changed: &AffectedSessions,
    owners: &Ownership<'_>,
) -> Result<AffectedCells, StoreError> {
    let mut affected = affected_by_price(security.id, changed, owners);
    let converted = affected_by_rate_uses(facts, security, freshest, changed, owners.sessions)?;
    affected = affected.union(converted);
    let cash = affected_by_cash_uses(facts, security, freshest, changed, owners.sessions)?;
    affected = affected.union(cash);
    if facts.benchmark_and_factors()?.contains(&security.id) {
        let securities = facts.securities()?.keys().map(|id| id.0).collect();
        let portfolios = facts.reading.portfolios().lifecycle_index()?.all_ids();
        affected = affected.union(affected_by_benchmark_or_factor(
            changed,
            owners.sessions,
            &securities,
            &portfolios,
        ));
    }
    Ok(affected)
}

/// Returns the cells affected by changed returns of a benchmark or factor: the statistics of all
/// `securities`, and the risk of all `portfolios`.
fn affected_by_benchmark_or_factor(
    changed: &AffectedSessions,
    sessions: &[Day],
    securities: &IdSet,
    portfolios: &IdSet,
) -> AffectedCells {
    let mut affected = AffectedCells::default();
    for at in &changed.by_return {
        let day = sessions[at as usize];
        affected.add(day, PhaseSet::from_phase(Phase::Securities), securities);
        affected.add(day, PhaseSet::from_phase(Phase::Risk), portfolios);
    }
    affected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalidation::affected_sessions::CloseSpan;
    use crate::invalidation::sample::{day, sessions, table};

    #[test]
    fn a_benchmark_affects_the_risk_of_all_portfolios() {
        let (securities, portfolios) = (IdSet::from([1, 2]), IdSet::from([7]));
        let close = CloseSpan {
            day: day(4),
            next: Some(day(8)),
        };
        let changed = AffectedSessions::from_closes(&sessions(7), [close], 2);
        let affected =
            affected_by_benchmark_or_factor(&changed, &sessions(7), &securities, &portfolios);
        let count = |phase| table(&affected, phase, 7).concat().len();
        assert_eq!(count(Phase::Securities), 4 * 2);
        assert_eq!(count(Phase::Risk), 4);
        assert_eq!(count(Phase::Snapshot), 0);
    }
}
