//! From a request and a survey to a plan. Pure and total: the same facts give the same plan,
//! and every cell of the rectangle gets exactly one answer.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::domain::{Day, DayError, DayRange, IdSet, Phase, PhaseSet, PortfolioId, Scope};

use super::decide::{Draft, Frame, invalid_by_day};
use super::start::{newcomers, range_start};
use super::who::{Admitted, admit, members_of};
use super::{
    Blocked, DayPlan, Limit, Plan, Request, ResolvedTarget, ScopeRefusal, SkipReason, Survey,
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
    Scope(#[from] ScopeRefusal<u32>),
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
    let asked = asked_phases(request.phases)?;
    let admitted = admitted(request, survey)?;
    let members = members_of(&admitted.scope, &survey.roster);
    let target = resolved_target(request, survey, today)?;
    let sessions = sessions_of_range(request, survey, &members, target.day)?;

    let active = &members & survey.roster.active();
    let frame = Frame {
        survey,
        policy: request.policy,
        asked,
        target: target.day,
        start: range_start(&request.policy, survey, &members, target.day),
        newcomers: newcomers(&request.policy, survey, &active),
        invalid: invalid_by_day(survey),
    };
    let mut deleted = survey.roster.lives(&members - &active);
    let mut active = survey.roster.lives(active);
    let mut days = Vec::with_capacity(sessions.len());
    for day in sessions {
        active.advance(*day);
        deleted.advance(*day);
        days.push(frame.decide(*day, &active, &deleted));
    }
    if let Limit::Cells(most) = request.limit {
        days = limited(days, most);
    }
    Ok(Plan {
        target,
        policy: request.policy,
        scope: admitted.scope,
        members,
        unknown: admitted.unknown.into_iter().map(PortfolioId).collect(),
        phases: asked,
        start: frame.start,
        blocked: waiting_for(&days, survey),
        days,
    })
}

/// The phases of a cell that are asked for, and the snapshot where another needs it.
fn asked_phases(phases: PhaseSet) -> Result<PhaseSet, PlanError> {
    let asked = phases.intersection(PhaseSet::CELL_PHASES);
    if asked.is_empty() {
        return Err(PlanError::NoPhase);
    }
    Ok(asked.with(Phase::Snapshot))
}

/// The scope, as far as its ids are those of portfolios.
fn admitted(request: &Request, survey: &Survey) -> Result<Admitted<u32>, ScopeRefusal<u32>> {
    match &request.scope {
        Scope::AllActive => Ok(Admitted {
            scope: Scope::AllActive,
            unknown: Vec::new(),
        }),
        Scope::Only(named) => {
            let known = survey.roster.everybody();
            let bearer = |id: PortfolioId| known.contains(id.0).then_some(id);
            let named = named.iter().map(|id| (id.0, bearer(id)));
            admit(named, request.policy.unknown_ids)
        }
    }
}

/// The target. It has to be among the sessions surveyed, unless nobody lived by then.
fn resolved_target(
    request: &Request,
    survey: &Survey,
    today: Today,
) -> Result<ResolvedTarget, TargetError> {
    let first_life = survey.roster.inceptions().keys().next();
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

fn sessions_of_range<'s>(
    request: &Request,
    survey: &'s Survey,
    members: &IdSet,
    target: Day,
) -> Result<&'s [Day], DayError> {
    if let (Some(from), Some(to)) = (request.from, request.to) {
        DayRange::new(from, to)?;
    }
    let earliest = || survey.roster.earliest_inception(members);
    let Some(first) = request.from.or_else(earliest) else {
        return Ok(&[]);
    };
    let last = request.to.unwrap_or(target);
    let start = survey.sessions.partition_point(|day| *day < first);
    let end = survey.sessions.partition_point(|day| *day <= last);
    Ok(survey.sessions.get(start..end).unwrap_or_default())
}

/// The same days, with only the first `most` cells in plan order as steps.
fn limited(days: Vec<DayPlan>, most: u64) -> Vec<DayPlan> {
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
        let mut draft = Draft::of(plan);
        draft.withhold(SkipReason::OverLimit, &over);
        draft.finish(day)
    };
    days.into_iter().map(cut).collect()
}

/// What the cells wait for that were skipped as blocked.
fn waiting_for(days: &[DayPlan], survey: &Survey) -> BTreeMap<Day, Vec<Blocked>> {
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
