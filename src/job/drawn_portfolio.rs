//! Draws the clocks and the portfolios of a world: holes, newcomers, half-done cells and bare rows, as
//! far as the tables of the job can hold them.

use chrono::{DateTime, TimeDelta, Utc};

use super::job_file::Job;
use crate::domain::{Calendar, Day, DayRange, Phase};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::world::Span;
use crate::scenario::world::spec::PortfolioSpec;
use crate::scenario::world::values::{CellPhase, Instant};
use crate::sim::RandomSource;

/// The minutes from the close of a day: in the evening, before the close, while it is not due yet,
/// and in the next night.
pub(super) const MINUTES: [i64; 4] = [120, -1, 10, 600];

/// Returns the last `count` sessions that have closed and are final at an instant.
pub(super) fn sessions_before(calendar: &Calendar, now: DateTime<Utc>, count: usize) -> Vec<Day> {
    let last = calendar.last_final(now, TimeDelta::minutes(30));
    let last = last.expect("the calendar knows the clocks");
    // No calendar has fewer than one session in two days.
    let days = i32::try_from(2 * count).unwrap_or_default() + 14;
    let range = DayRange::new(last.saturating_add(-days), last).expect("the days ascend");
    let sessions = calendar.sessions(range).unwrap_or_default();
    sessions[sessions.len().saturating_sub(count)..].to_vec()
}

/// Draws a portfolio that begins on one of the sessions.
pub(super) fn draw_portfolio(
    job: &Job,
    random: &mut RandomSource,
    sessions: &[Day],
    now: Instant,
) -> PortfolioSpec {
    let last = sessions.len() - 1;
    let first = random.below(sessions.len());
    let mut spec = PortfolioSpec {
        inception: Some(sessions[first]),
        ..PortfolioSpec::default()
    };
    // A newcomer has no done day, if the tables say when it begins.
    let is_newcomer = job.tells_inception() && random.chance(20);
    let until = first + random.below(sessions.len() - first);
    let columns = &job.map.portfolios;
    if columns.column("closed").is_some() && random.chance(15) {
        spec.closed = Some(sessions[until + random.below(sessions.len() - until)]);
    }
    if columns.column("deleted-at").is_some() && random.chance(20) {
        spec.deleted_at = Some(Lenient(now));
    }
    if is_newcomer {
        return spec;
    }
    spec.complete = Some(OneOrMany::one(Span::new(None, Some(sessions[until]))));
    // The first session stays, since its row is the inception for tables without one.
    if until > first + 1 && random.chance(30) {
        let hole = first + 1 + random.below(until - first - 1);
        spec.holes = Some(OneOrMany::one(Span::from_day(sessions[hole])));
        return spec;
    }
    let next = until + 1;
    if next <= last && spec.closed.is_none() {
        let next = Span::from_day(sessions[next]);
        let phases = job.phases();
        let analytics: Vec<Phase> = phases.filter(|phase| *phase != Phase::Snapshot).collect();
        if !analytics.is_empty() && random.chance(25) {
            let missing = analytics[random.below(analytics.len())];
            let done = Phase::CELL_PHASES.into_iter();
            let done = done.filter(|phase| *phase != missing).map(CellPhase);
            spec.phases.insert(next, OneOrMany(done.collect()));
        } else if job.holds_bare_snapshots() && random.chance(15) {
            spec.rows = Some(OneOrMany::one(next));
        }
    }
    spec
}
