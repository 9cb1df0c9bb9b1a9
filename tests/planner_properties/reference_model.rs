//! The same planning, cell by cell. It shares no code with the planner beyond the words in
//! which questions and answers are put.

use std::collections::BTreeMap;

use plimsoll::domain::{Cell, Day, Phase, PhaseSet, PortfolioId, Scope};
use plimsoll::plan::{
    Decision, Deleted, Filter, InvalidationCause, Limit, Newcomers, Request, SkipReason,
    StepReason, UnknownIds, Watermark, WatermarkScope,
};

use super::world::{Lifespan, World};

/// The answer for every cell of the rectangle; nothing where the scope is refused.
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
    let mut answers = BTreeMap::new();
    for day in world
        .sessions
        .iter()
        .filter(|day| first <= **day && **day <= last)
    {
        for id in &scope {
            let cell = Cell::new(*day, PortfolioId(*id));
            answers.insert(cell, decision(world, request, watermark, target, *day, *id));
        }
    }
    if let Limit::Cells(most) = request.limit {
        let steps = answers
            .values_mut()
            .filter(|a| matches!(a, Decision::Step { .. }));
        for over in steps.skip(usize::try_from(most).unwrap()) {
            *over = Decision::Skip(SkipReason::OverLimit);
        }
    }
    Some(answers)
}

fn scope(world: &World, request: &Request) -> Option<Vec<u32>> {
    let everybody: Vec<u32> = world.lifespans.keys().copied().collect();
    let Scope::Only(named) = &request.scope else {
        return Some(everybody);
    };
    let mut known = Vec::new();
    for id in named.iter() {
        if everybody.contains(&id.0) {
            known.push(id.0);
        } else if request.policy.unknown_ids == UnknownIds::Refuse {
            return None;
        }
    }
    match (known.is_empty(), request.policy.unknown_ids) {
        (false, _) => Some(known),
        (true, UnknownIds::WidenToAll) => Some(everybody),
        (true, _) => None,
    }
}

/// The day after which the policy looks; nothing where it looks at everything.
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

fn is_alive_on(life: &Lifespan, day: Day) -> bool {
    life.first <= day && life.last.is_none_or(|last| day <= last)
}

fn is_newcomer(world: &World, id: u32) -> bool {
    let redone = world.invalid.values().flat_map(|taken| &taken.cell_phases);
    let touched = world.done.iter().chain(redone);
    !touched.into_iter().any(|(_, of, _)| *of == id)
}

fn decision(
    world: &World,
    request: &Request,
    watermark: Option<Day>,
    target: Day,
    day: Day,
    id: u32,
) -> Decision {
    let (life, policy) = (&world.lifespans[&id], &request.policy);
    if life.deleted
        && (policy.deleted == Deleted::Excluded || !is_alive_on(life, day) || day > target)
    {
        return Decision::Skip(SkipReason::Deleted);
    }
    if day < life.first {
        return Decision::Skip(SkipReason::BeforeInception);
    }
    if !is_alive_on(life, day) {
        return Decision::Skip(SkipReason::AfterClose);
    }
    if day > target {
        return Decision::Skip(SkipReason::BeyondTarget);
    }
    let asked = |phase: &Phase| *phase == Phase::Snapshot || request.phases.contains(*phase);
    let asked: Vec<Phase> = Phase::CELL_PHASES.into_iter().filter(asked).collect();
    let open: Vec<Phase> = asked
        .iter()
        .copied()
        .filter(|phase| !world.done.contains(&(day, id, *phase)))
        .collect();

    let newcomer = !life.deleted && is_newcomer(world, id);
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
            () if life.deleted => SkipReason::Deleted,
            () if open.is_empty() => SkipReason::Complete,
            () if newcomer && policy.newcomers == Newcomers::LeftToOnboarding => {
                SkipReason::LeftToOnboarding
            }
            () if in_range => SkipReason::HiddenBySnapshot,
            () => SkipReason::HiddenByWatermark,
        });
    }
    let reason = reason(world, life, &asked, &open, day, id);
    let phases = match policy.filter {
        Filter::AllPhases => open,
        Filter::None | Filter::SnapshotExists => asked,
    };
    apply_quarantine_and_blocks(world, &phases, day, id)
        .unwrap_or_else(|phases| Decision::Step { phases, reason })
}

fn reason(
    world: &World,
    life: &Lifespan,
    asked: &[Phase],
    open: &[Phase],
    day: Day,
    id: u32,
) -> StepReason {
    if life.deleted || open.is_empty() {
        return StepReason::ByRule;
    }
    for (invalidation, taken) in world.invalid.iter().rev() {
        if open
            .iter()
            .any(|phase| taken.cell_phases.contains(&(day, id, *phase)))
        {
            return match taken.cause {
                InvalidationCause::Forced => StepReason::Forced(*invalidation),
                _ => StepReason::Stale(*invalidation),
            };
        }
    }
    match open.len() == asked.len() {
        true => StepReason::Missing,
        false => StepReason::Partial,
    }
}

/// The answer where the cell is withheld, and otherwise the phases that are left to do.
fn apply_quarantine_and_blocks(
    world: &World,
    phases: &[Phase],
    day: Day,
    id: u32,
) -> Result<Decision, PhaseSet> {
    let failed = |phase: Phase| world.quarantined.contains(&(day, id, phase));
    let mut left: Vec<Phase> = phases.to_vec();
    left.retain(|phase| !failed(*phase));
    if left.is_empty() || (phases.contains(&Phase::Snapshot) && failed(Phase::Snapshot)) {
        return Ok(Decision::Skip(SkipReason::Quarantined));
    }
    if world.blocked.contains(&(day, id)) {
        return Ok(Decision::Skip(SkipReason::Blocked));
    }
    Err(left.into_iter().collect())
}
