//! What a policy leads to, night after night: the real engine on a world, in a database of its
//! own that is thrown away.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::subscriber::{NoSubscriber, with_default};

use super::CaptureError;
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

/// How long after the moment at which a night begins a lease of before has surely expired.
const LEASE_EXPIRY_MARGIN: TimeDelta = TimeDelta::hours(1);

/// Replays every policy on a world: what it would choose, and what `nights` nights of it lead
/// to, the first at the world's own time. Works in `folder`; `progress` is told how the past of
/// the world is computed. Grids show `sessions` sessions.
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
    let moments = night_times(world, nights, &settings)?;
    let longer = with_prices_until(world, moments.last().map(|(target, _)| *target));
    let store = load(
        &longer,
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
        Ok::<_, CaptureError>((reading.portfolios()?, surveys))
    })?;
    let count = portfolios.len() as u64;
    let names = portfolios
        .into_iter()
        .map(|one| (one.id, one.name))
        .collect();
    let needed = store.read(|reading| count_needed(reading, &settings, world.now))?;
    let mut policies = Vec::new();
    for (policy, surveyed) in &surveys {
        let mut one = replay_policy(*policy, &surveyed.survey, surveyed.today, &names, sessions)?;
        let path = folder.join(format!("{policy}.db"));
        store.read(|reading| reading.copy_to(&path))?;
        let copy = Store::open(&path)?;
        for (target, now) in &moments {
            one.nights
                .push(run_night(&copy, *policy, *target, *now, &settings)?);
        }
        policies.push(one);
    }
    Ok(Replay {
        portfolios: count,
        target: today(&settings, world.now)?.last_final,
        needed: needed.0,
        policies,
    })
}

/// The session that is due in each night, and when that night is: as long after the session's
/// close as the first.
fn night_times(
    world: &World,
    nights: usize,
    settings: &Settings,
) -> Result<Vec<(Day, DateTime<Utc>)>, CaptureError> {
    let calendar = &settings.calendar;
    let mut target = today(settings, world.now)?.last_final;
    let after = world.now - calendar.close_time(target)?;
    let mut moments = Vec::new();
    let mut now = world.now;
    while moments.len() < nights {
        moments.push((target, now));
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
    Ok(moments)
}

/// The world, with prices up to `last`.
fn with_prices_until(world: &World, last: Option<Day>) -> World {
    let mut world = world.clone();
    let last = last.map_or(world.priced_days.last(), |last| {
        last.max(world.priced_days.last())
    });
    if let Ok(longer) = DayRange::new(world.priced_days.first(), last) {
        world.priced_days = longer;
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
    let asked = RunRequest::new(request, "all active");
    let environment = Environment::fixed(now, now.timestamp().unsigned_abs());
    environment.wall_clock.advance(LEASE_EXPIRY_MARGIN);
    let cancel = AtomicBool::new(false);
    let watch = RunObserver::unobserved(&cancel);
    // What a replayed policy does wrong is told by the replay and not by the log of each run.
    let outcome = with_default(NoSubscriber::default(), || {
        run(store, &asked, settings, &environment, &watch)
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

/// How many cells are needed, whether or not they can be done yet, and of how many portfolios.
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
    let who = steps.fold(IdSet::new(), |all, steps| all | &steps.cells);
    Ok((needed.step_count(), who.len()))
}
