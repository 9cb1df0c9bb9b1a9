//! What moves many securities at once on a day: the market, the styles, the rates, the sectors.

use chrono::Datelike;

use super::draws::Draws;
use super::names::SECTORS;
use crate::domain::Day;

/// Log returns of a day that securities share.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Moves {
    pub(super) market: f64,
    pub(super) value: f64,
    pub(super) momentum: f64,
    pub(super) size: f64,
    pub(super) rates: f64,
    pub(super) sectors: [f64; SECTORS.len()],
}

/// The common moves of each session, in order. Some months are calmer than others, so that
/// volatility comes in clusters; the market drifts up by about 7 % a year.
pub(super) fn moves(seed: u64, sessions: &[Day]) -> Vec<Moves> {
    let mut common = Draws::of(seed, "moves");
    let mut season = Draws::of(seed, "season");
    sessions
        .iter()
        .map(|day| {
            let unrest = season
                .on(day.saturating_add(1 - day.to_date().day() as i32))
                .between(0.7, 1.5);
            let draws = common.on(*day);
            Moves {
                market: 0.000_27 + 0.008 * unrest * draws.fat(),
                value: 0.003 * draws.fat(),
                momentum: 0.004 * unrest * draws.fat(),
                size: 0.003 * draws.normal(),
                rates: 0.000_05 + 0.003 * draws.fat(),
                sectors: std::array::from_fn(|_| 0.005 * draws.fat()),
            }
        })
        .collect()
}
