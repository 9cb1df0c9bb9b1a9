//! Generates the closes of a security as a random walk from the seed.
//!
//! A price has its base on the anchor day; each session's log return carries it forwards or
//! backwards from there. So neither an earlier start nor a later end of the market moves a close.

use std::collections::BTreeMap;

use super::common_returns::CommonReturns;
use super::fixed_instruments::Loadings;
use super::listing::{CloseSource, ListedSecurity};
use super::names::SECTORS;
use super::random::RandomSource;
use crate::domain::{AssetClass, Day, DayRange, Price, SecurityId, Split};

/// The day on which each price has its base: 2025-01-02, as days since 1970-01-01.
const ANCHOR: i32 = 20_090;
/// Returns the days to simulate for a market over `kept`: the range that holds `kept` and the
/// anchor.
pub fn simulated_days(kept: DayRange) -> DayRange {
    let anchor = Day::from_number(ANCHOR).expect("2025 is within the supported years");
    DayRange::new(kept.first().min(anchor), kept.last().max(anchor))
        .expect("the anchor lies between both ends")
}

/// Generates the closes of one security over the sessions in `kept`. Private assets, and securities
/// with given closes, have none.
pub(super) fn generate_closes(
    seed: u64,
    listed: &ListedSecurity,
    sessions: &[Day],
    moves: &[CommonReturns],
    splits: &[Split],
    kept: DayRange,
) -> BTreeMap<Day, Price> {
    if listed.closes == CloseSource::Given || listed.security.class == AssetClass::Private {
        return BTreeMap::new();
    }
    let mut random = RandomSource::new(seed, &format!("noise/{}", listed.security.symbol));
    let sector = SECTORS
        .iter()
        .position(|name| *name == listed.security.sector);
    let returns: Vec<f64> = sessions
        .iter()
        .zip(moves)
        .map(|(day, common)| {
            // Positioned by day: the noise of a day does not depend on the sessions before it.
            let own = listed.loadings.noise * random.at_day(*day).fat_tailed();
            common_return(&listed.loadings, sector, common) + own
        })
        .collect();
    log_levels(sessions, &returns)
        .into_iter()
        .zip(sessions)
        .filter(|(_, day)| kept.contains(**day))
        .map(|(level, day)| {
            let adjusted = listed.base * level.exp();
            let raw = adjusted * split_factor(splits, listed.security.id, *day);
            (*day, close(raw, listed.security.class))
        })
        .collect()
}

/// The part of a day's log return that comes from common moves.
fn common_return(loadings: &Loadings, sector: Option<usize>, moves: &CommonReturns) -> f64 {
    loadings.market * moves.market
        + loadings.value * moves.value
        + loadings.momentum * moves.momentum
        + loadings.size * moves.size
        + loadings.rates * moves.rates
        + sector.map_or(0.0, |sector| loadings.sector * moves.sectors[sector])
}

/// Sums log returns to log levels, which are zero on the last session up to the anchor.
fn log_levels(sessions: &[Day], returns: &[f64]) -> Vec<f64> {
    let mut levels = vec![0.0; returns.len()];
    let anchor = sessions
        .partition_point(|day| day.number() <= ANCHOR)
        .saturating_sub(1);
    for at in anchor + 1..returns.len() {
        levels[at] = levels[at - 1] + returns[at];
    }
    for at in (0..anchor.min(returns.len())).rev() {
        levels[at] = levels[at + 1] - returns[at + 1];
    }
    levels
}

/// The factor of the splits between the anchor and `day` on the raw price: below 1 after a split of
/// one unit into several. `base` is a price of the anchor, so splits before it count in reverse.
fn split_factor(splits: &[Split], security: SecurityId, day: Day) -> f64 {
    splits
        .iter()
        .filter(|split| split.security == security)
        .map(|split| {
            let factor = f64::from(split.old) / f64::from(split.new);
            match (split.day.number() > ANCHOR, split.day <= day) {
                (true, true) => factor,
                (false, false) => factor.recip(),
                _ => 1.0,
            }
        })
        .product()
}

/// Rounds a close to the decimals of its class: five for exchange rates, four for prices below 5,
/// two for others. The result is never below the smallest step.
fn close(raw: f64, class: AssetClass) -> Price {
    let decimals = match class {
        AssetClass::Fx => 5,
        _ if raw < 5.0 => 4,
        _ => 2,
    };
    rounded(raw, decimals)
}

/// Rounds to `decimals`, at least to one step above zero.
pub(super) fn rounded(price: f64, decimals: u32) -> Price {
    let steps = (price * f64::from(10_u32.pow(decimals)))
        .round()
        .clamp(1.0, 1e11);
    Price::from_units(steps as i64 * (Price::SCALE / 10_i64.pow(decimals)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_anchor_is_2025_01_02() {
        assert_eq!(Day::from_number(ANCHOR).unwrap().to_string(), "2025-01-02");
    }

    #[test]
    fn levels_are_zero_at_the_anchor_and_differ_by_the_returns() {
        let sessions: Vec<Day> = (-1..=1)
            .filter_map(|n| Day::from_number(ANCHOR + n))
            .collect();
        assert_eq!(log_levels(&sessions, &[9.0, 0.5, 0.25]), [-0.5, 0.0, 0.25]);
        assert_eq!(log_levels(&[], &[]), [0.0; 0]);
    }

    #[test]
    fn cheap_prices_keep_four_decimals_and_none_is_zero() {
        assert_eq!(close(4.321_09, AssetClass::Equity).to_string(), "4.3211");
        assert_eq!(close(43.210_9, AssetClass::Equity).to_string(), "43.21");
        assert_eq!(close(1.083_217, AssetClass::Fx).to_string(), "1.08322");
        assert_eq!(close(1e-9, AssetClass::Equity).to_string(), "0.0001");
    }
}
