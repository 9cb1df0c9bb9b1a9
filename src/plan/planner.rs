//! From a request and a survey to a plan. Pure and total: the same facts give the same plan,
//! and every cell of the rectangle gets exactly one answer.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::domain::{Day, DayError, DayRange, IdSet, Phase, PhaseSet, PortfolioId, Scope};

use super::decide::{DayDraft, PlanContext, invalid_by_day};
use super::range_start::{newcomers, range_start};
use super::resolve_scope::{ResolvedScope, resolve_scope, scope_members};
use super::{
    BlockedCell, DayPlan, Limit, Plan, Request, ResolvedTarget, ScopeError, SkipReason, Survey,
    TargetError, Today,
};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The target can't be.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The range ends before it starts.
    #[error(transparent)]
    Range(#[from] DayError),
    /// The scope names portfolios that nobody knows.
    #[error(transparent)]
    Scope(#[from] ScopeError<u32>),
    /// No phase of a cell was asked for.
    #[error("no phase of a cell is asked for")]
    NoPhase,
}

/// Plans `request` on the facts of `survey`: for every session of the range and everybody in
/// scope, whether the cell is to be done, and why or why not.
///
/// # Errors
///
/// Refuses a target that is not final or has no session, a range that ends before it starts,
/// unknown portfolios in scope as the policy has it, and a request for no phase of a cell.
pub fn plan(request: &Request, survey: &Survey, today: Today) -> Result<Plan, PlanError> {
    let asked = requested_phases(request.phases)?;
    let admitted = resolve_request_scope(request, survey)?;
    let members = scope_members(&admitted.scope, &survey.lifecycles);
    let target = resolve_target(request, survey, today)?;
    let sessions = sessions_in_range(request, survey, &members, target.day)?;

    let active = &members & survey.lifecycles.active();
    let frame = PlanContext {
        survey,
        policy: request.policy,
        phases: asked,
        target: target.day,
        start: range_start(&request.policy, survey, &members, target.day),
        newcomers: newcomers(&request.policy, survey, &active),
        invalid: invalid_by_day(survey),
    };
    let mut deleted = survey.lifecycles.cursor(&members - &active);
    let mut active = survey.lifecycles.cursor(active);
    let mut days = Vec::with_capacity(sessions.len());
    for day in sessions {
        active.advance(*day);
        deleted.advance(*day);
        days.push(frame.decide_day(*day, &active, &deleted));
    }
    if let Limit::Cells(most) = request.limit {
        days = apply_limit(days, most);
    }
    Ok(Plan {
        target,
        policy: request.policy,
        scope: admitted.scope,
        members,
        unknown_ids: admitted.unknown.into_iter().map(PortfolioId).collect(),
        phases: asked,
        start: frame.start,
        blocked: blocked_cells(&days, survey),
        days,
    })
}

/// The phases of a cell that are asked for, and the snapshot where another needs it.
fn requested_phases(phases: PhaseSet) -> Result<PhaseSet, PlanError> {
    let asked = phases.intersection(PhaseSet::CELL_PHASES);
    if asked.is_empty() {
        return Err(PlanError::NoPhase);
    }
    Ok(asked.with(Phase::Snapshot))
}

/// The scope, as far as its ids are those of portfolios.
fn resolve_request_scope(
    request: &Request,
    survey: &Survey,
) -> Result<ResolvedScope<u32>, ScopeError<u32>> {
    match &request.scope {
        Scope::AllActive => Ok(ResolvedScope {
            scope: Scope::AllActive,
            unknown: Vec::new(),
        }),
        Scope::Only(named) => {
            let known = survey.lifecycles.all_ids();
            let bearer = |id: PortfolioId| known.contains(id.0).then_some(id);
            let named = named.iter().map(|id| (id.0, bearer(id)));
            resolve_scope(named, request.policy.unknown_ids)
        }
    }
}

/// The target. It has to be among the sessions surveyed, unless nobody lived by then.
fn resolve_target(
    request: &Request,
    survey: &Survey,
    today: Today,
) -> Result<ResolvedTarget, TargetError> {
    let first_life = survey.lifecycles.inceptions().keys().next();
    let sessions = &survey.sessions;
    let target = request.target.resolve(today, |day| {
        let after = sessions.partition_point(|session| *session <= day);
        match after.checked_sub(1) {
            Some(last) => Some(sessions[last]),
            None => first_life.is_none_or(|first| *first > day).then_some(day),
        }
    })?;
    let somebody_lives = first_life.is_some_and(|first| *first <= target.day);
    if somebody_lives && sessions.binary_search(&target.day).is_err() {
        return Err(TargetError::NoSession(target.day));
    }
    Ok(target)
}

fn sessions_in_range<'s>(
    request: &Request,
    survey: &'s Survey,
    members: &IdSet,
    target: Day,
) -> Result<&'s [Day], DayError> {
    if let (Some(from), Some(to)) = (request.from, request.to) {
        DayRange::new(from, to)?;
    }
    let earliest = || survey.lifecycles.earliest_inception(members);
    let Some(first) = request.from.or_else(earliest) else {
        return Ok(&[]);
    };
    let last = request.to.unwrap_or(target);
    let start = survey.sessions.partition_point(|day| *day < first);
    let end = survey.sessions.partition_point(|day| *day <= last);
    Ok(survey.sessions.get(start..end).unwrap_or_default())
}

/// The same days, with only the first `most` cells in plan order as steps.
fn apply_limit(days: Vec<DayPlan>, most: u64) -> Vec<DayPlan> {
    let mut room = most;
    let cut = |plan: DayPlan| {
        let steps = plan.step_count();
        if steps <= room {
            room -= steps;
            return plan;
        }
        let mut over = IdSet::new();
        for group in &plan.steps {
            over |= &group.cells;
        }
        over.remove_smallest(room);
        room = 0;
        let day = plan.day;
        let mut draft = DayDraft::from_plan(plan);
        draft.turn_into_skips(SkipReason::OverLimit, &over);
        draft.finish(day)
    };
    days.into_iter().map(cut).collect()
}

/// What the cells wait for that were skipped as blocked.
fn blocked_cells(days: &[DayPlan], survey: &Survey) -> BTreeMap<Day, Vec<BlockedCell>> {
    let mut waiting = BTreeMap::new();
    for plan in days {
        let Some(known) = survey.blocked.get(&plan.day) else {
            continue;
        };
        let mut skips = plan.skips.iter();
        if let Some(blocked) = skips.find(|skips| skips.reason == SkipReason::Blocked) {
            let why = known
                .iter()
                .filter(|b| blocked.cells.contains(b.portfolio.0));
            waiting.insert(plan.day, why.cloned().collect());
        }
    }
    waiting
}
