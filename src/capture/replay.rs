//! Simulates nights of each policy on a world: runs the real engine on a temporary database.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::subscriber::{NoSubscriber, with_default};

use super::error::CaptureError;
use crate::domain::{Day, DayRange, IdSet, Scope};
use crate::engine::{
    EngineError, RunObserver, RunRequest, Settings, ledger_survey, run, survey, today,
};
use crate::environment::Environment;
use crate::plan::{Plan, PolicyName, Request, StepKind, plan};
use crate::query::{NightResult, Replay, replay_policy};
use crate::scenario::load;
use crate::scenario::world::World;
use crate::store::{Progress, ReadTransaction, Store};

/// Time after the start of a night by which every earlier lease has expired.
const LEASE_EXPIRY_MARGIN: TimeDelta = TimeDelta::hours(1);

/// Replays every policy on a world: the cells it would choose, and the result of `nights` nights,
/// the first at the world's own time. Grids show `sessions` sessions. Databases are created in
/// `folder`; `progress` receives the progress of computing the world's history.
///
/// # Errors
///
/// Fails if the world cannot be loaded, if the calendar does not know the days of all nights, or if
/// a run fails.
pub fn replay(
    world: &World,
    nights: usize,
    sessions: usize,
    settings: &Settings,
    folder: &Path,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Replay, CaptureError> {
    let settings = Settings {
        calendar: world.calendar.clone(),
        ..settings.clone()
    };
    let times = night_times(world, nights, &settings)?;
    let priced_world = with_prices_until(world, times.last().map(|(target, _)| *target));
    let store = load(
        &priced_world,
        "replay",
        folder.join("state.db"),
        &settings,
        progress,
    )?;
    let (portfolios, surveys) = store.read(|reading| {
        let surveys = PolicyName::ALL.map(|policy| {
            let mut request = Request::new(Scope::AllActive);
            request.policy = policy.policy();
            Ok((policy, survey(reading, &request, &settings, world.now)?))
        });
        let surveys = surveys
            .into_iter()
            .collect::<Result<Vec<_>, EngineError>>()?;
        Ok::<_, CaptureError>((reading.portfolios().all()?, surveys))
    })?;
    let count = portfolios.len() as u64;
    let names = portfolios
        .into_iter()
        .map(|portfolio| (portfolio.id, portfolio.name))
        .collect();
    let needed = store.read(|reading| count_needed(reading, &settings, world.now))?;
    let mut policies = Vec::new();
    for (policy, surveyed) in &surveys {
        let mut replayed =
            replay_policy(*policy, &surveyed.survey, surveyed.today, &names, sessions)?;
        // Each policy runs on its own copy: its nights must not see those of another one.
        let path = folder.join(format!("{policy}.db"));
        store.read(|reading| reading.copy_to(&path))?;
        let copy = Store::open(&path)?;
        for (target, now) in &times {
            replayed
                .nights
                .push(run_night(&copy, *policy, *target, *now, &settings)?);
        }
        policies.push(replayed);
    }
    Ok(Replay {
        portfolios: count,
        target: today(&settings, world.now)?.last_final,
        needed: needed.0,
        policies,
    })
}

/// Returns the target and the time of each night. Each night is as long after its target's close as
/// the first one, unless that is before or after the target is due.
fn night_times(
    world: &World,
    nights: usize,
    settings: &Settings,
) -> Result<Vec<(Day, DateTime<Utc>)>, CaptureError> {
    let calendar = &settings.calendar;
    let mut target = today(settings, world.now)?.last_final;
    let after = world.now - calendar.close_time(target)?;
    let mut times = Vec::new();
    let mut now = world.now;
    while times.len() < nights {
        times.push((target, now));
        let next = calendar
            .next(target)?
            .ok_or(CaptureError::Shift { day: target })?;
        let close = calendar.close_time(next)?;
        let is_due = |now: &DateTime<Utc>| {
            (calendar.last_final(*now, settings.grace)).is_ok_and(|last| last == next)
        };
        let usual = Some(close + after).filter(is_due);
        (target, now) = (next, usual.unwrap_or(close + settings.grace));
    }
    Ok(times)
}

/// Returns the world with prices up to `last`, so that later nights find prices.
fn with_prices_until(world: &World, last: Option<Day>) -> World {
    let mut world = world.clone();
    let last = last.map_or(world.priced_days.last(), |last| {
        last.max(world.priced_days.last())
    });
    if let Ok(priced_days) = DayRange::new(world.priced_days.first(), last) {
        world.priced_days = priced_days;
    }
    world
}

fn run_night(
    store: &Store,
    policy: PolicyName,
    target: Day,
    now: DateTime<Utc>,
    settings: &Settings,
) -> Result<NightResult, CaptureError> {
    let mut request = Request::new(Scope::AllActive);
    request.policy = policy.policy();
    let run_request = RunRequest::new(request, "all active");
    let environment = Environment::fixed(now, now.timestamp().unsigned_abs());
    environment.wall_clock.advance(LEASE_EXPIRY_MARGIN);
    let cancel = AtomicBool::new(false);
    let observer = RunObserver::unobserved(&cancel);
    // The replay reports the results, so the log of each simulated run is discarded.
    let outcome = with_default(NoSubscriber::default(), || {
        run(store, &run_request, settings, &environment, &observer)
    })?;
    let kinds = outcome.plan.steps_by_kind();
    let (open, behind) = store.read(|reading| count_needed(reading, settings, now))?;
    Ok(NightResult {
        target,
        done: outcome.progress.done,
        redundant: kinds.get(&StepKind::ByRule).copied().unwrap_or(0),
        failed: outcome.progress.failed,
        open,
        behind,
    })
}

/// Returns the number of needed cells, including those that cannot be done yet, and the number of
/// their portfolios.
fn count_needed(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(u64, u64), CaptureError> {
    let request = Request::new(Scope::AllActive);
    let mut surveyed = ledger_survey(reading, &request, settings, now)?;
    surveyed.survey.quarantined.clear();
    let needed: Plan =
        plan(&request, &surveyed.survey, surveyed.today).map_err(EngineError::from)?;
    let steps = needed.days.iter().flat_map(|day| &day.steps);
    let ids = steps.fold(IdSet::new(), |ids, steps| ids | &steps.cells);
    Ok((needed.step_count(), ids.len()))
}
