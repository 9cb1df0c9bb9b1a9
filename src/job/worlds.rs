//! Generates worlds from a seed: holes, newcomers, deleted and closed portfolios, half-done cells, bare
//! rows, and clocks around a close. Most are small, some have months of sessions or many portfolios.
//! Only what the tables of the job can hold is drawn.

use chrono::{DateTime, TimeDelta, Utc};

use super::drawn_portfolio::{MINUTES, draw_portfolio, sessions_before};
use super::job_file::Job;
use super::nights::Nights;
use crate::domain::{Calendar, Day};
use crate::scenario::format::lenient::Lenient;
use crate::scenario::format::to_toml;
use crate::scenario::script::spec::{ScenarioSpec, ScriptSpec};
use crate::scenario::world::spec::{PortfolioSpec, PortfolioSpecs, WorldSpec};
use crate::scenario::world::values::Instant;
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
