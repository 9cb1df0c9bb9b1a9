//! Plans cell by cell with plain collections. Shares only the types of requests and decisions with
//! the planner, and no code.

use std::collections::BTreeMap;

use plimsoll::domain::{Cell, Day, InvalidationCause, Phase, PhaseSet, PortfolioId, Scope};
use plimsoll::plan::{
    Decision, Deleted, Filter, Limit, Newcomers, Request, SkipReason, StepReason, UnknownIds,
    Watermark, WatermarkScope,
};

use super::world::{Lifespan, World};

/// Returns the decision for every cell of the rectangle, or `None` if the scope is refused.
pub(crate) fn decisions(
    world: &World,
    request: &Request,
    target: Day,
) -> Option<BTreeMap<Cell, Decision>> {
    let scope = scope(world, request)?;
    let watermark = watermark(world, request, &scope, target);
    let earliest = scope.iter().map(|id| world.lifespans[id].first).min();
    let first = request.from.or(earliest)?;
    let last = request.to.unwrap_or(target);
    let mut decisions = BTreeMap::new();
    for day in world
        .sessions
        .iter()
        .filter(|day| first <= **day && **day <= last)
    {
        for id in &scope {
            let cell = Cell::new(*day, PortfolioId(*id));
            decisions.insert(cell, decision(world, request, watermark, target, *day, *id));
        }
    }
    if let Limit::Cells(max_cells) = request.limit {
        let steps = decisions
            .values_mut()
            .filter(|decision| matches!(decision, Decision::Step { .. }));
        for step in steps.skip(usize::try_from(max_cells).unwrap()) {
            *step = Decision::Skip(SkipReason::OverLimit);
        }
    }
    Some(decisions)
}

fn scope(world: &World, request: &Request) -> Option<Vec<u32>> {
    let all_ids: Vec<u32> = world.lifespans.keys().copied().collect();
    let Scope::Only(named) = &request.scope else {
        return Some(all_ids);
    };
    let mut known = Vec::new();
    for id in named.iter() {
        if all_ids.contains(&id.0) {
            known.push(id.0);
        } else if request.policy.unknown_ids == UnknownIds::Refuse {
            return None;
        }
    }
    match (known.is_empty(), request.policy.unknown_ids) {
        (false, _) => Some(known),
        (true, UnknownIds::WidenToAll) => Some(all_ids),
        (true, _) => None,
    }
}

/// Returns the day after which the policy looks, or `None` if it looks at all days.
fn watermark(world: &World, request: &Request, scope: &[u32], target: Day) -> Option<Day> {
    let policy = &request.policy;
    let in_scope =
        |id: u32| policy.watermark_scope == WatermarkScope::Ignored || scope.contains(&id);
    match policy.watermark {
        Watermark::None => None,
        Watermark::BeforeTarget => Some(target.previous()),
        Watermark::GlobalMax => {
            let rows = world.rows.iter().filter(|(_, id)| in_scope(*id));
            rows.map(|(day, _)| *day).max()
        }
        Watermark::MinOfMax => {
            let mut newest = BTreeMap::new();
            for (day, id) in &world.rows {
                let counts = policy.deleted == Deleted::Included || !world.lifespans[id].deleted;
                if counts && in_scope(*id) {
                    newest.insert(*id, *day);
                }
            }
            newest.into_values().min()
        }
    }
}

fn is_alive_on(lifespan: &Lifespan, day: Day) -> bool {
    lifespan.first <= day && lifespan.last.is_none_or(|last| day <= last)
}

fn is_newcomer(world: &World, id: u32) -> bool {
    let invalidated = world.invalid.values().flat_map(|open| &open.cell_phases);
    let mut ever_done = world.done.iter().chain(invalidated);
    !ever_done.any(|(_, portfolio, _)| *portfolio == id)
}

fn decision(
    world: &World,
    request: &Request,
    watermark: Option<Day>,
    target: Day,
    day: Day,
    id: u32,
) -> Decision {
    let (lifespan, policy) = (&world.lifespans[&id], &request.policy);
    if lifespan.deleted
        && (policy.deleted == Deleted::Excluded
            || !is_alive_on(lifespan, day)
            || !world.has_session(day, id)
            || day > target)
    {
        return Decision::Skip(SkipReason::Deleted);
    }
    if day < lifespan.first {
        return Decision::Skip(SkipReason::BeforeInception);
    }
    if !is_alive_on(lifespan, day) {
        return Decision::Skip(SkipReason::AfterClose);
    }
    if !world.has_session(day, id) {
        return Decision::Skip(SkipReason::NoSession);
    }
    if day > target {
        return Decision::Skip(SkipReason::BeyondTarget);
    }
    let is_requested = |phase: &Phase| *phase == Phase::Snapshot || request.phases.contains(*phase);
    let requested: Vec<Phase> = Phase::CELL_PHASES
        .into_iter()
        .filter(is_requested)
        .collect();
    let open: Vec<Phase> = requested
        .iter()
        .copied()
        .filter(|phase| !world.done.contains(&(day, id, *phase)))
        .collect();

    let newcomer = !lifespan.deleted && is_newcomer(world, id);
    let in_range = watermark.is_none_or(|watermark| day > watermark);
    let looked_at = match policy.newcomers {
        Newcomers::FromRangeStart => in_range,
        Newcomers::FromInception => in_range || newcomer,
        Newcomers::LeftToOnboarding => in_range && !newcomer,
    };
    let chosen = looked_at
        && match policy.filter {
            Filter::None => true,
            Filter::SnapshotExists => !world.rows.contains(&(day, id)),
            Filter::AllPhases => !open.is_empty(),
        };
    if !chosen {
        return Decision::Skip(match () {
            () if lifespan.deleted => SkipReason::Deleted,
            () if open.is_empty() => SkipReason::Complete,
            () if newcomer && policy.newcomers == Newcomers::LeftToOnboarding => {
                SkipReason::LeftToOnboarding
            }
            () if in_range => SkipReason::HiddenBySnapshot,
            () => SkipReason::HiddenByWatermark,
        });
    }
    let reason = reason(world, lifespan, &requested, &open, day, id);
    let phases = match policy.filter {
        Filter::AllPhases => open,
        Filter::None | Filter::SnapshotExists => requested,
    };
    apply_quarantine_and_blocks(world, &phases, day, id)
        .unwrap_or_else(|phases| Decision::Step { phases, reason })
}

fn reason(
    world: &World,
    lifespan: &Lifespan,
    requested: &[Phase],
    open: &[Phase],
    day: Day,
    id: u32,
) -> StepReason {
    if lifespan.deleted || open.is_empty() {
        return StepReason::ByRule;
    }
    for (number, invalidation) in world.invalid.iter().rev() {
        if open
            .iter()
            .any(|phase| invalidation.cell_phases.contains(&(day, id, *phase)))
        {
            return match invalidation.cause {
                InvalidationCause::Forced => StepReason::Forced(*number),
                _ => StepReason::Stale(*number),
            };
        }
    }
    match open.len() == requested.len() {
        true => StepReason::Missing,
        false => StepReason::Partial,
    }
}

/// Returns the skip of a withheld cell as `Ok`, and otherwise the phases to process as `Err`.
fn apply_quarantine_and_blocks(
    world: &World,
    phases: &[Phase],
    day: Day,
    id: u32,
) -> Result<Decision, PhaseSet> {
    let failed = |phase: Phase| world.quarantined.contains(&(day, id, phase));
    let mut remaining: Vec<Phase> = phases.to_vec();
    remaining.retain(|phase| !failed(*phase));
    if remaining.is_empty() || (phases.contains(&Phase::Snapshot) && failed(Phase::Snapshot)) {
        return Ok(Decision::Skip(SkipReason::Quarantined));
    }
    if world.unpriced.contains(&day) {
        return Ok(Decision::Skip(SkipReason::Unpriced));
    }
    if world.blocked.contains(&(day, id)) {
        return Ok(Decision::Skip(SkipReason::Blocked));
    }
    Err(remaining.into_iter().collect())
}
