//! Generates small worlds from a seed: holes, newcomers, deleted and closed portfolios, half-done
//! cells, bare rows, and clocks around a close. Only what the tables of the job can hold is drawn.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};

use super::job_file::Job;
use crate::domain::{Calendar, Day, DayRange, Phase};
use crate::sim::RandomSource;

/// Clocks: after a close, around it, in the next night, after a holiday, on a half-day, and on the
/// day on which the clocks change.
const CLOCKS: [&str; 8] = [
    "2026-01-08T18:00:00-05:00",
    "2026-01-08T15:59:00-05:00",
    "2026-01-08T16:10:00-05:00",
    "2026-01-09T02:00:00-05:00",
    "2026-01-20T18:00:00-05:00",
    "2025-11-28T14:00:00-05:00",
    "2026-03-09T18:00:00-04:00",
    "2026-01-02T18:00:00-05:00",
];
const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];
/// The sessions before the last one on which portfolios can begin.
const SESSIONS: usize = 8;

/// Returns the scenario of a seed as TOML: a world and one run.
pub fn generate_world(job: &Job, seed: u64) -> String {
    let mut random = RandomSource::new(seed, "job world");
    let now = CLOCKS[random.below(CLOCKS.len())];
    let sessions = sessions_before(now);
    let mut text = format!("now = {now}\n\n[portfolios]\n");
    let count = 1 + random.below(NAMES.len());
    for name in &NAMES[..count] {
        let keys = portfolio(job, &mut random, &sessions, now);
        let _ = writeln!(text, "{name} = {{ {} }}", keys.join(", "));
    }
    text + "\n[[step]]\nrun = {}\n"
}

/// Returns the last sessions that have closed and are final at an instant.
fn sessions_before(now: &str) -> Vec<Day> {
    let calendar = Calendar::new_york();
    let now: DateTime<Utc> = now.parse().expect("the clocks are instants");
    let last = calendar.last_final(now, TimeDelta::minutes(30));
    let last = last.expect("the calendar knows the clocks");
    let range = DayRange::new(last.saturating_add(-30), last).expect("the days ascend");
    let sessions = calendar.sessions(range).unwrap_or_default();
    sessions[sessions.len().saturating_sub(SESSIONS)..].to_vec()
}

/// Returns the keys of a portfolio.
fn portfolio(job: &Job, random: &mut RandomSource, sessions: &[Day], now: &str) -> Vec<String> {
    let last = sessions.len() - 1;
    let first = random.below(sessions.len());
    let mut keys = vec![format!("inception = {}", sessions[first])];
    // A newcomer has no done day, if the tables say when it begins.
    let is_newcomer = job.tells_inception() && random.chance(20);
    let until = first + random.below(sessions.len() - first);
    let columns = &job.map.portfolios;
    if columns.column("closed").is_some() && random.chance(15) {
        let closed = until + random.below(sessions.len() - until);
        keys.push(format!("closed = {}", sessions[closed]));
    }
    if columns.column("deleted-at").is_some() && random.chance(20) {
        keys.push(format!("deleted-at = {now}"));
    }
    if is_newcomer {
        return keys;
    }
    keys.push(format!("complete = \"..{}\"", sessions[until]));
    // The first session stays, since its row is the inception for tables without one.
    if until > first + 1 && random.chance(30) {
        let hole = first + 1 + random.below(until - first - 1);
        keys.push(format!("holes = {}", sessions[hole]));
        return keys;
    }
    let next = until + 1;
    if next <= last && !keys.iter().any(|key| key.starts_with("closed")) {
        let analytics: Vec<Phase> = job.map.analytics.iter().map(|(phase, _)| *phase).collect();
        if !analytics.is_empty() && random.chance(25) {
            let missing = analytics[random.below(analytics.len())];
            let done = Phase::CELL_PHASES.into_iter();
            let done = done.filter(|phase| *phase != missing);
            let done: Vec<String> = done.map(|phase| format!("\"{phase}\"")).collect();
            let day = sessions[next];
            keys.push(format!("phases.\"{day}\" = [{}]", done.join(", ")));
        } else if job.map.snapshots.column("complete").is_some() && random.chance(15) {
            keys.push(format!("rows = {}", sessions[next]));
        }
    }
    keys
}
