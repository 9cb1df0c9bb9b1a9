//! Generates worlds from a seed: holes, newcomers, deleted and closed portfolios, half-done cells, bare
//! rows, and clocks around a close. Most are small, some have months of sessions or many portfolios.
//! Only what the tables of the job can hold is drawn.

use chrono::{DateTime, TimeDelta, Utc};

use super::job_file::Job;
use super::nights::Nights;
use crate::domain::{Calendar, Day, DayRange, Phase};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::format::to_toml;
use crate::scenario::script::spec::{ScenarioSpec, ScriptSpec};
use crate::scenario::world::Span;
use crate::scenario::world::spec::{PortfolioSpec, PortfolioSpecs, WorldSpec};
use crate::scenario::world::values::{CellPhase, Instant};
use crate::sim::RandomSource;

/// Days of clocks: an ordinary one, one after a holiday, a half-day, those before and after clocks
/// change, and the first of a year, in New York. Where they are no session, the next one counts.
const DAYS: [&str; 7] = [
    "2026-01-08",
    "2026-01-20",
    "2025-11-28",
    "2025-10-31",
    "2026-03-06",
    "2026-03-09",
    "2026-01-02",
];
/// The other half of the clocks is on one of so many days from the first on.
const FIRST_DAY: &str = "2025-09-01";
const OTHER_DAYS: usize = 270;
/// The minutes from the close of such a day: in the evening, before the close, while it is not due yet,
/// and in the next night.
pub(super) const MINUTES: [i64; 4] = [120, -1, 10, 600];
/// The calendars of drawn worlds, if the job gets its sessions from the world.
const CALENDARS: [&str; 4] = ["new-york", "XLON", "XTKS", "every-day"];
/// The portfolios of most worlds, and of one in ten.
const PORTFOLIOS: usize = 5;
const MANY_PORTFOLIOS: usize = 12;
/// The sessions before the last one on which portfolios can begin, in most worlds and in one of seven.
const SESSIONS: usize = 8;
const MANY_SESSIONS: usize = 60;

/// Returns the scenario of a seed as TOML: a world, and a run each night.
pub fn generate_world(job: &Job, seed: u64) -> String {
    let mut random = RandomSource::new(seed, "job world");
    let name = calendar_name(job, &mut random);
    // One that only the user has is not known here: worlds of New York then do not apply.
    let calendar = Calendar::built_in(name).unwrap_or_else(Calendar::new_york);
    let now = clock(&calendar, &mut random);
    let length = match random.chance(15) {
        true => MANY_SESSIONS,
        false => SESSIONS,
    };
    let most = match random.chance(10) {
        true => MANY_PORTFOLIOS,
        false => PORTFOLIOS,
    };
    let sessions = sessions_before(&calendar, now, length);
    let local = Instant::local(now, calendar.zone());
    let count = 1 + random.below(most);
    let portfolios: Vec<(String, PortfolioSpec)> = ('A'..)
        .take(count)
        .map(|name| {
            let spec = draw_portfolio(job, &mut random, &sessions, local);
            (name.to_string(), spec)
        })
        .collect();
    let nights = Nights {
        job,
        calendar: &calendar,
        now,
        portfolios: (portfolios.iter())
            .map(|(name, spec)| (name.clone(), spec.deleted_at.is_some()))
            .collect(),
        sessions: length,
        random: &mut random,
    };
    let steps = nights.draw();
    let portfolios = portfolios.into_iter();
    let world = WorldSpec {
        now: Some(Lenient(local)),
        calendar: (calendar.name() != Calendar::new_york().name())
            .then(|| calendar.written().calendar),
        portfolios: PortfolioSpecs(portfolios.map(|(name, spec)| (name.into(), spec)).collect()),
        ..WorldSpec::default()
    };
    let script = ScriptSpec {
        step: steps.into_iter().map(Into::into).collect(),
        ..ScriptSpec::default()
    };
    to_toml(&ScenarioSpec {
        world,
        script,
        ..ScenarioSpec::default()
    })
}

/// Returns the name of the calendar of a world: that of the job, or any if the tables have rows of
/// sessions, by which the job finds them.
fn calendar_name<'j>(job: &'j Job, random: &mut RandomSource) -> &'j str {
    match &job.calendar {
        Some(name) => name,
        None if job.has_session_rows() => CALENDARS[random.below(CALENDARS.len())],
        None => CALENDARS[0],
    }
}

fn clock(calendar: &Calendar, random: &mut RandomSource) -> DateTime<Utc> {
    let (day, after) = match random.chance(50) {
        true => (DAYS[random.below(DAYS.len())], 0),
        false => (FIRST_DAY, random.below(OTHER_DAYS)),
    };
    let day: Day = day.parse().expect("the days are days");
    let day = day.saturating_add(i32::try_from(after).unwrap_or_default());
    let session = calendar.on_or_after(day).ok().flatten();
    let close = session.and_then(|session| calendar.close_time(session).ok());
    let close = close.expect("built-in calendars know the days");
    close + TimeDelta::minutes(MINUTES[random.below(MINUTES.len())])
}

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
