//! What moves many securities at once on a day: the market, the styles, the rates, the sectors.

use chrono::Datelike;

use super::names::SECTORS;
use super::random::RandomSource;
use crate::domain::Day;

/// Log returns of a day that securities share.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct CommonReturns {
    pub(super) market: f64,
    pub(super) value: f64,
    pub(super) momentum: f64,
    pub(super) size: f64,
    pub(super) rates: f64,
    pub(super) sectors: [f64; SECTORS.len()],
}

/// The common moves of each session, in order. Some months are calmer than others, so that
/// volatility comes in clusters; the market drifts up by about 7 % a year.
pub(super) fn common_returns(seed: u64, sessions: &[Day]) -> Vec<CommonReturns> {
    let mut common = RandomSource::new(seed, "moves");
    let mut season = RandomSource::new(seed, "season");
    sessions
        .iter()
        .map(|day| {
            let unrest = season
                .at_day(day.saturating_add(1 - day.to_date().day() as i32))
                .uniform(0.7, 1.5);
            let draws = common.at_day(*day);
            CommonReturns {
                market: 0.000_27 + 0.008 * unrest * draws.fat_tailed(),
                value: 0.003 * draws.fat_tailed(),
                momentum: 0.004 * unrest * draws.fat_tailed(),
                size: 0.003 * draws.normal(),
                rates: 0.000_05 + 0.003 * draws.fat_tailed(),
                sectors: std::array::from_fn(|_| 0.005 * draws.fat_tailed()),
            }
        })
        .collect()
}
