//! Generates the returns of a day that many securities share: market, styles, rates and sectors.

use chrono::Datelike;

use super::names::SECTORS;
use super::random::RandomSource;
use crate::domain::Day;

/// Log returns of a day that securities share, each scaled by their loadings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct CommonReturns {
    pub(super) market: f64,
    pub(super) value: f64,
    pub(super) momentum: f64,
    pub(super) size: f64,
    pub(super) rates: f64,
    pub(super) sectors: [f64; SECTORS.len()],
}

/// Generates the common returns of each session, in order. Volatility differs by month, so that it
/// clusters as in real markets; the market drifts up by about 7 % a year.
pub(super) fn common_returns(seed: u64, sessions: &[Day]) -> Vec<CommonReturns> {
    let mut common = RandomSource::new(seed, "moves");
    let mut season = RandomSource::new(seed, "season");
    sessions
        .iter()
        .map(|day| {
            // Drawn on the first day of the month, so that all its sessions share it.
            let unrest = season
                .at_day(day.saturating_add(1 - day.to_date().day() as i32))
                .uniform(0.7, 1.5);
            let random = common.at_day(*day);
            CommonReturns {
                market: 0.000_27 + 0.008 * unrest * random.fat_tailed(),
                value: 0.003 * random.fat_tailed(),
                momentum: 0.004 * unrest * random.fat_tailed(),
                size: 0.003 * random.normal(),
                rates: 0.000_05 + 0.003 * random.fat_tailed(),
                sectors: std::array::from_fn(|_| 0.005 * random.fat_tailed()),
            }
        })
        .collect()
}
