//! Generates small worlds from a seed: holes, newcomers, deleted and closed portfolios, half-done
//! cells, bare rows, and clocks around a close. Only what the tables of the job can hold is drawn.

use chrono::{DateTime, TimeDelta, Utc};

use super::job_file::Job;
use super::spec::RowSubject;
use crate::domain::{Calendar, Day, DayRange, Phase};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::format::to_toml;
use crate::scenario::script::spec::{RunSpec, ScenarioSpec, ScriptSpec, StepSpec};
use crate::scenario::world::Span;
use crate::scenario::world::spec::{PortfolioSpec, PortfolioSpecs, WorldSpec};
use crate::scenario::world::values::{CellPhase, Instant};
use crate::sim::RandomSource;

/// Days of clocks: an ordinary one, one after a holiday, a half-day, one on which clocks have just
/// changed, and the first of a year, in New York. Where they are no session, the next one counts.
const DAYS: [&str; 5] = [
    "2026-01-08",
    "2026-01-20",
    "2025-11-28",
    "2026-03-09",
    "2026-01-02",
];
/// The minutes from the close of such a day: in the evening, before the close, while it is not due yet,
/// and in the next night.
const MINUTES: [i64; 4] = [120, -1, 10, 600];
/// The calendars of drawn worlds, if the job gets its sessions from the world.
const CALENDARS: [&str; 4] = ["new-york", "XLON", "XTKS", "every-day"];
const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];
/// The sessions before the last one on which portfolios can begin.
const SESSIONS: usize = 8;

/// Returns the scenario of a seed as TOML: a world and one run.
pub fn generate_world(job: &Job, seed: u64) -> String {
    let mut random = RandomSource::new(seed, "job world");
    let name = calendar_name(job, &mut random);
    // One that only the user has is not known here: worlds of New York then do not apply.
    let calendar = Calendar::built_in(name).unwrap_or_else(Calendar::new_york);
    let now = clock(&calendar, &mut random);
    let sessions = sessions_before(&calendar, now);
    let now = Instant::local(now, calendar.zone());
    let count = 1 + random.below(NAMES.len());
    let portfolios = NAMES[..count].iter().map(|name| {
        let spec = portfolio(job, &mut random, &sessions, now);
        ((*name).to_owned().into(), spec)
    });
    let run = StepSpec::from(RunSpec::default());
    let world = WorldSpec {
        now: Some(Lenient(now)),
        calendar: (calendar.name() != Calendar::new_york().name())
            .then(|| calendar.written().calendar),
        portfolios: PortfolioSpecs(portfolios.collect()),
        ..WorldSpec::default()
    };
    let script = ScriptSpec {
        step: vec![run.into()],
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
    let mut subjects = job.rows.iter().map(|rows| rows.subject);
    match &job.calendar {
        Some(name) => name,
        None if subjects
            .any(|subject| matches!(subject, RowSubject::Session | RowSubject::Cell)) =>
        {
            CALENDARS[random.below(CALENDARS.len())]
        }
        None => CALENDARS[0],
    }
}

fn clock(calendar: &Calendar, random: &mut RandomSource) -> DateTime<Utc> {
    let day: Day = (DAYS[random.below(DAYS.len())].parse()).expect("the days are days");
    let session = calendar.on_or_after(day).ok().flatten();
    let close = session.and_then(|session| calendar.close_time(session).ok());
    let close = close.expect("built-in calendars know the days");
    close + TimeDelta::minutes(MINUTES[random.below(MINUTES.len())])
}

/// Returns the last sessions that have closed and are final at an instant.
fn sessions_before(calendar: &Calendar, now: DateTime<Utc>) -> Vec<Day> {
    let last = calendar.last_final(now, TimeDelta::minutes(30));
    let last = last.expect("the calendar knows the clocks");
    let range = DayRange::new(last.saturating_add(-30), last).expect("the days ascend");
    let sessions = calendar.sessions(range).unwrap_or_default();
    sessions[sessions.len().saturating_sub(SESSIONS)..].to_vec()
}

fn portfolio(
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
        let analytics: Vec<Phase> = job.map.analytics.iter().map(|(phase, _)| *phase).collect();
        if !analytics.is_empty() && random.chance(25) {
            let missing = analytics[random.below(analytics.len())];
            let done = Phase::CELL_PHASES.into_iter();
            let done = done.filter(|phase| *phase != missing).map(CellPhase);
            spec.phases.insert(next, OneOrMany(done.collect()));
        } else if job.map.snapshots.column("complete").is_some() && random.chance(15) {
            spec.rows = Some(OneOrMany::one(next));
        }
    }
    spec
}
