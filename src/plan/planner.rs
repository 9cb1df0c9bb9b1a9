//! Plans a request on a survey. Pure and total: the same facts give the same plan, and every cell
//! of the scope on a session of the range gets exactly one decision.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::domain::{Day, DayError, DayRange, IdSet, Phase, PhaseSet, PortfolioId, Scope};

use super::decide::{DayDraft, PlanContext, invalid_by_day};
use super::plan::{DayPlan, Plan};
use super::range_start::{newcomers, range_start};
use super::reason::SkipReason;
use super::request::{Limit, Request};
use super::resolve_scope::{ResolvedScope, ScopeError, resolve_scope};
use super::survey::{BlockedCell, Survey, UnpricedSession};
use super::target::{ResolvedTarget, TargetError, Today};

/// The reason a request can't be planned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The target is not final, or has no session.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The range ends before it starts.
    #[error(transparent)]
    Range(#[from] DayError),
    /// The scope is empty, or names unknown portfolios.
    #[error(transparent)]
    Scope(#[from] ScopeError<u32>),
    /// The request has no phase that is computed per cell.
    #[error("no phase requested (known: snapshot, positions, exposures, risk)")]
    NoPhase,
}

/// Plans `request` on the facts of `survey`: decides for every session of the range and every
/// portfolio in scope whether the cell is processed, with the reason.
///
/// # Errors
///
/// Refuses a target that is not final or has no session, a range that ends before it starts,
/// unknown portfolios by the policy's rule, and a request without a phase of a cell.
pub fn plan(request: &Request, survey: &Survey, today: Today) -> Result<Plan, PlanError> {
    let phases = requested_phases(request.phases)?;
    let resolved = resolve_request_scope(request, survey)?;
    let members = survey.lifecycles.members(&resolved.scope);
    let target = resolve_target(request, survey, today)?;
    let sessions = sessions_in_range(request, survey, &members, target.day)?;

    let active = &members & survey.lifecycles.active();
    let context = PlanContext {
        survey,
        policy: request.policy,
        phases,
        target: target.day,
        start: range_start(&request.policy, survey, &members, target.day),
        newcomers: newcomers(&request.policy, survey, &active),
        invalid: invalid_by_day(survey),
    };
    // Two cursors: of deleted portfolios no cell is expected, but a replayed rule may process them.
    let mut deleted = survey.lifecycles.cursor(&members - &active);
    let mut active = survey.lifecycles.cursor(active);
    let mut days = Vec::with_capacity(sessions.len());
    for day in sessions {
        active.advance(*day);
        deleted.advance(*day);
        days.push(context.decide_day(*day, &active, &deleted));
    }
    if let Limit::Cells(max_cells) = request.limit {
        days = apply_limit(days, max_cells);
    }
    Ok(Plan {
        target,
        policy: request.policy,
        scope: resolved.scope,
        members,
        unknown_ids: resolved.unknown.into_iter().map(PortfolioId).collect(),
        phases,
        start: context.start,
        blocked: blocked_cells(&days, survey),
        unpriced: unpriced_sessions(&days, survey),
        days,
    })
}

/// Returns the requested phases of a cell. The snapshot is always among them, because the others
/// are computed from it.
fn requested_phases(phases: PhaseSet) -> Result<PhaseSet, PlanError> {
    let requested = phases.intersection(PhaseSet::CELL_PHASES);
    if requested.is_empty() {
        return Err(PlanError::NoPhase);
    }
    Ok(requested.with(Phase::Snapshot))
}

/// Resolves the requested ids by the policy's rule for unknown ones.
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
            let find = |id: PortfolioId| known.contains(id.0).then_some(id);
            let named = named.iter().map(|id| (id.0, find(id)));
            resolve_scope(named, request.policy.unknown_ids)
        }
    }
}

/// Resolves the target. It must be a surveyed session, unless no portfolio has started by then.
fn resolve_target(
    request: &Request,
    survey: &Survey,
    today: Today,
) -> Result<ResolvedTarget, TargetError> {
    // A survey has sessions from the first inception on, so before it a day can't be checked.
    let first_inception = survey.lifecycles.inceptions().keys().next();
    let sessions = &survey.sessions;
    let target = request.target.resolve(today, |day| {
        let after = sessions.partition_point(|session| *session <= day);
        match after.checked_sub(1) {
            Some(last) => Some(sessions[last]),
            None => first_inception
                .is_none_or(|first| *first > day)
                .then_some(day),
        }
    })?;
    let any_started = first_inception.is_some_and(|first| *first <= target.day);
    if any_started && sessions.binary_search(&target.day).is_err() {
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
    // An inception after the target gives a reversed range, which has no sessions.
    Ok(survey.sessions.get(start..end).unwrap_or_default())
}

/// Keeps the first `max_cells` steps in plan order, and turns the others into skips.
fn apply_limit(days: Vec<DayPlan>, max_cells: u64) -> Vec<DayPlan> {
    let mut room = max_cells;
    let limit_day = |plan: DayPlan| {
        let steps = plan.step_count();
        if steps <= room {
            room -= steps;
            return plan;
        }
        // Plan order within a day is by id, across all groups.
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
    days.into_iter().map(limit_day).collect()
}

/// Returns the missing inputs of the cells that are skipped as blocked. A blocked cell that is
/// complete, quarantined or not chosen is not among them.
fn blocked_cells(days: &[DayPlan], survey: &Survey) -> BTreeMap<Day, Vec<BlockedCell>> {
    let mut by_day = BTreeMap::new();
    for plan in days {
        let Some(known) = survey.blocked.get(&plan.day) else {
            continue;
        };
        let mut skips = plan.skips.iter();
        if let Some(blocked) = skips.find(|skips| skips.reason == SkipReason::Blocked) {
            let cells = known
                .iter()
                .filter(|b| blocked.cells.contains(b.portfolio.0));
            by_day.insert(plan.day, cells.cloned().collect());
        }
    }
    by_day
}

/// Returns the unpriced sessions on which a cell is skipped for that reason.
fn unpriced_sessions(days: &[DayPlan], survey: &Survey) -> BTreeMap<Day, UnpricedSession> {
    let waiting = days
        .iter()
        .filter(|plan| plan.skip_count(SkipReason::Unpriced) > 0);
    waiting
        .filter_map(|plan| Some((plan.day, survey.unpriced.get(&plan.day)?.clone())))
        .collect()
}
