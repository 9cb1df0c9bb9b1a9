//! Checks the invariants of plans and watermarks on random worlds.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{
    Cell, CellSelection, Day, DayRange, IdSet, Phase, PhaseSet, PortfolioId, Scope,
};
use plimsoll::plan::{
    Decision, Limit, Plan, PlanId, Request, ScopeWatermark, SkipReason, StepReason, plan,
    watermarks,
};
use proptest::prelude::*;
use proptest::sample::Index;

use super::random::{unblocked_worlds, worlds};
use super::world::{World, day, scope_of, today};

fn decisions(plan: &Plan) -> BTreeMap<Cell, Decision> {
    let days = plan.days.iter().map(|day| day.day);
    let cells = days.flat_map(|day| plan.members.iter().map(move |id| (day, id)));
    let cells = cells.map(|(day, id)| Cell::new(day, PortfolioId(id)));
    cells.map(|cell| (cell, plan.decision(cell))).collect()
}

fn planned_phases(plan: &Plan) -> BTreeSet<(Cell, Phase)> {
    let mut work = BTreeSet::new();
    for (cell, decision) in decisions(plan) {
        if let Decision::Step { phases, .. } = decision {
            work.extend(phases.iter().map(|phase| (cell, phase)));
        }
    }
    work
}

/// Orders watermarks: none yet is the lowest, none due the highest.
fn rank(watermark: ScopeWatermark) -> (u8, Option<Day>) {
    match watermark {
        ScopeWatermark::NoneYet { .. } => (0, None),
        ScopeWatermark::At { day, .. } => (1, Some(day)),
        ScopeWatermark::NoneDue => (2, None),
    }
}

fn scope_watermark(world: &World) -> ScopeWatermark {
    let target = today(world).last_final;
    watermarks(&world.survey(), &Scope::AllActive, target).scope_watermark()
}

/// Returns the sessions on which a cell of `id` is expected, each with whether it is complete.
fn expected(world: &World, id: u32) -> Vec<(Day, bool)> {
    let lifespan = world.lifespans[&id];
    let alive = |day: &Day| lifespan.first <= *day && lifespan.last.is_none_or(|last| *day <= last);
    let done = |day: Day| {
        Phase::CELL_PHASES
            .iter()
            .all(|p| world.done.contains(&(day, id, *p)))
    };
    let sessions = world.sessions.iter().copied().filter(alive);
    let sessions = sessions.filter(|day| world.has_session(*day, id));
    sessions
        .filter(|_| !lifespan.deleted)
        .map(|day| (day, done(day)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn day_groups_partition_the_scope(world in worlds()) {
        let plan = world.plan_all();
        for day in &plan.days {
            let steps = day.steps.iter().map(|group| &group.cells);
            let groups: Vec<_> = steps.chain(day.skips.iter().map(|group| &group.cells)).collect();
            let mut union = IdSet::new();
            for group in &groups {
                prop_assert!(!group.is_empty() && union.is_disjoint(group));
                union |= *group;
            }
            prop_assert_eq!(&union, &plan.members);
        }
    }

    #[test]
    fn a_run_leaves_an_empty_plan(mut world in unblocked_worlds()) {
        let plan = world.plan_all();
        world.execute(&plan);
        prop_assert!(world.plan_all().is_empty());
        prop_assert_eq!(scope_watermark(&world).held_by(), None);
    }

    #[test]
    fn a_run_leaves_only_blocked_or_quarantined_cells(mut world in worlds()) {
        let before = world.plan_all();
        world.execute(&before);
        let after = world.plan_all();
        prop_assert!(after.is_empty());
        let withheld = [
            SkipReason::Blocked,
            SkipReason::Unpriced,
            SkipReason::Quarantined,
        ];
        for (cell, decision) in decisions(&after) {
            let done = expected(&world, cell.portfolio.0).contains(&(cell.day, true));
            let is_withheld = withheld.map(Decision::Skip).contains(&decision);
            prop_assert_eq!(decision == Decision::Skip(SkipReason::Complete), done);
            prop_assert!(!is_withheld || !done);
        }
    }

    #[test]
    fn a_range_plan_is_the_full_plan_restricted_to_it(
        world in worlds(), first in 0..10_i32, length in 0..10_i32,
    ) {
        let range = DayRange::new(day(first), day(first + length)).unwrap();
        let request = Request {
            from: Some(range.first()),
            to: Some(range.last()),
            ..Request::new(Scope::AllActive)
        };
        // Without `from` a plan starts at the earliest inception.
        let earliest = world.lifespans.values().map(|lifespan| lifespan.first).min().unwrap();
        let mut in_range = decisions(&world.plan(&request).unwrap());
        in_range.retain(|cell, _| cell.day >= earliest);
        let mut full = decisions(&world.plan_all());
        full.retain(|cell, _| range.contains(cell.day));
        prop_assert_eq!(in_range, full);
    }

    #[test]
    fn plans_of_two_scope_halves_add_up(world in worlds(), at in any::<Index>()) {
        let ids: Vec<_> = world.lifespans.keys().copied().collect();
        let (left, right) = ids.split_at(at.index(ids.len()));
        let mut halves = BTreeSet::new();
        for half in [left, right].into_iter().filter(|half| !half.is_empty()) {
            let request = Request::new(scope_of(half.iter().copied()));
            halves.extend(planned_phases(&world.plan(&request).unwrap()));
        }
        prop_assert_eq!(halves, planned_phases(&world.plan_all()));
    }

    /// Quarantine is excluded: a quarantined snapshot withholds the phases computed from it, and
    /// once it is done, they become work.
    #[test]
    fn marking_a_phase_done_never_adds_work(
        mut world in unblocked_worlds(), at in any::<Index>(), phase in any::<Index>(),
    ) {
        let before = planned_phases(&world.plan_all());
        let cells: Vec<_> = decisions(&world.plan_all()).into_keys().collect();
        prop_assume!(!cells.is_empty());
        let cell = cells[at.index(cells.len())];
        let phase = Phase::CELL_PHASES[phase.index(4)];
        world.done.insert((cell.day, cell.portfolio.0, phase));
        prop_assert!(planned_phases(&world.plan_all()).is_subset(&before));
    }

    #[test]
    fn deleting_a_portfolio_affects_no_other_and_restoring_undoes_it(
        mut world in worlds(), at in any::<Index>(),
    ) {
        let ids: Vec<_> = world.lifespans.keys().copied().collect();
        let id = ids[at.index(ids.len())];
        world.lifespans.get_mut(&id).unwrap().deleted = false;
        let before = world.plan_all();
        world.lifespans.get_mut(&id).unwrap().deleted = true;
        for (cell, decision) in decisions(&world.plan_all()) {
            let expected = match cell.portfolio.0 == id {
                true => Decision::Skip(SkipReason::Deleted),
                false => before.decision(cell),
            };
            prop_assert_eq!(decision, expected);
        }
        world.lifespans.get_mut(&id).unwrap().deleted = false;
        prop_assert_eq!(world.plan_all(), before);
    }

    #[test]
    fn deleting_a_portfolio_never_lowers_the_watermark(mut world in worlds(), at in any::<Index>()) {
        let before = rank(scope_watermark(&world));
        let ids: Vec<_> = world.lifespans.keys().copied().collect();
        world.lifespans.get_mut(&ids[at.index(ids.len())]).unwrap().deleted = true;
        prop_assert!(rank(scope_watermark(&world)) >= before);
    }

    #[test]
    fn a_limit_keeps_the_first_cells_in_plan_order(world in worlds(), max_cells in 0..20_u64) {
        let full = world.plan_all();
        let limit = Limit::Cells(max_cells);
        let limited = world.plan(&Request { limit, ..Request::new(Scope::AllActive) }).unwrap();
        let in_order = |plan: &Plan| -> Vec<(Day, PortfolioId, PhaseSet, StepReason)> {
            let days = plan.days.iter();
            let steps = days.flat_map(|day| day.steps_in_order().map(|s| (day.day, s.0, s.1, *s.2)));
            steps.collect()
        };
        let mut first = in_order(&full);
        prop_assert!(first.is_sorted_by_key(|step| (step.0, step.1)));
        first.truncate(usize::try_from(max_cells).unwrap());
        prop_assert_eq!(in_order(&limited), first);
        let over = full.step_count().saturating_sub(max_cells);
        let skipped = limited.skips_by_reason();
        prop_assert_eq!(skipped.get(&SkipReason::OverLimit).copied().unwrap_or(0), over);
    }

    #[test]
    fn plan_ids_are_equal_iff_the_steps_are(
        mut world in worlds(), at in any::<Index>(), phase in any::<Index>(),
    ) {
        let before = world.plan_all();
        prop_assert_eq!(before.id().to_string().parse::<PlanId>(), Ok(before.id()));
        let ids: Vec<_> = world.lifespans.keys().copied().collect();
        let id = ids[at.index(ids.len())];
        let phase = Phase::CELL_PHASES[phase.index(4)];
        for session in world.sessions.clone() {
            if !world.done.remove(&(session, id, phase)) {
                world.done.insert((session, id, phase));
            }
            let after = world.plan_all();
            let kinds = |plan: &Plan| -> BTreeMap<Cell, _> {
                let steps = decisions(plan).into_iter();
                steps.filter_map(|(cell, decision)| match decision {
                    Decision::Step { phases, reason } => Some((cell, (phases, reason.kind()))),
                    Decision::Skip(_) | Decision::OutOfPlan => None,
                }).collect()
            };
            let same = kinds(&before) == kinds(&after);
            prop_assert_eq!(before.id() == after.id(), same);
            let difference = before.difference(&after);
            prop_assert_eq!(difference.is_empty(), same);
            let (old, new) = (kinds(&before), kinds(&after));
            let added = new.keys().filter(|cell| !old.contains_key(cell)).count() as u64;
            let removed = old.keys().filter(|cell| !new.contains_key(cell)).count() as u64;
            let is_changed = |(cell, kind): &(&Cell, &_)| new.get(cell).is_some_and(|to| to != *kind);
            let changed = old.iter().filter(is_changed).count() as u64;
            prop_assert_eq!(difference.added.count, added);
            prop_assert_eq!(difference.removed.count, removed);
            prop_assert_eq!(difference.changed.count, changed);
        }
    }

    /// Bitmaps of the same ids are equal in any memory layout, so the plan id must be, too.
    #[test]
    fn plan_id_does_not_depend_on_bitmap_layout(world in worlds()) {
        let mut survey = world.survey();
        let request = Request::new(Scope::AllActive);
        let before = plan(&request, &survey, today(&world)).unwrap();
        let sets: Vec<_> = survey.coverage.iter().map(|(d, p, s)| (d, p, s.clone())).collect();
        for (day, phase, mut done) in sets {
            done.optimize();
            survey.coverage.set(day, phase, done);
        }
        let mut after = plan(&request, &survey, today(&world)).unwrap();
        for steps in after.days.iter_mut().flat_map(|day| &mut day.steps) {
            steps.cells.remove_run_compression();
        }
        prop_assert_eq!(before.id(), after.id());
    }

    #[test]
    fn the_watermark_is_the_last_session_before_the_first_gap(world in worlds()) {
        let target = today(&world).last_final;
        let marks = watermarks(&world.survey(), &Scope::AllActive, target);
        // First gaps, ordered by the rule that selects the one that holds the scope back: a
        // portfolio without a watermark comes first.
        let mut first_gaps = BTreeSet::new();
        for id in world.lifespans.keys() {
            let cells = expected(&world, *id);
            let prefix = cells.iter().take_while(|(_, done)| *done).count();
            let watermark = prefix.checked_sub(1).map(|last| cells[last].0);
            prop_assert_eq!(marks.get(PortfolioId(*id)), watermark);
            prop_assert_eq!(marks.sessions_behind(PortfolioId(*id)), cells.len() - prefix);
            let gap = cells.get(prefix).map(|(day, _)| Cell::new(*day, PortfolioId(*id)));
            let found = marks.first_gap(PortfolioId(*id));
            prop_assert_eq!(found.map(|gap| gap.cell), gap);
            if let Some(gap) = found {
                let done = |p: &Phase| world.done.contains(&(gap.cell.day, *id, *p));
                let open = Phase::CELL_PHASES.into_iter().filter(|phase| !done(phase));
                prop_assert_eq!(gap.open_phases, open.collect());
            }
            first_gaps.extend(gap.map(|cell| (watermark.is_some(), cell)));
        }
        prop_assert_eq!(marks.portfolios_behind(), first_gaps.len() as u64);
        let due: Vec<_> = world.lifespans.keys().copied()
            .filter(|id| !expected(&world, *id).is_empty())
            .collect();
        // A session on which no open portfolio of the scope can have a cell is none of the scope.
        let is_session = |day: Day| {
            let is_open = |id: &&u32| world.lifespans[*id].last.is_none_or(|last| day <= last);
            let open: Vec<_> = due.iter().filter(is_open).collect();
            open.is_empty() || open.iter().any(|id| world.has_session(day, **id))
        };
        let last_session = |until: Day| {
            let mut sessions = world.sessions.iter().rev().filter(|day| **day <= until);
            sessions.find(|day| is_session(**day)).copied()
        };
        let found = marks.scope_watermark().held_by().map(|gap| gap.cell);
        prop_assert_eq!(found, first_gaps.first().map(|(_, cell)| *cell));
        match (marks.scope_watermark(), first_gaps.first()) {
            (ScopeWatermark::NoneDue, None) => prop_assert!(due.is_empty()),
            (ScopeWatermark::NoneYet { .. }, Some((false, _))) => {}
            (ScopeWatermark::At { day, .. }, None) => {
                prop_assert_eq!(Some(day), last_session(target));
            }
            (ScopeWatermark::At { day, .. }, Some((true, cell))) => {
                prop_assert_eq!(Some(day), last_session(cell.day.previous()));
            }
            (watermark, gap) => prop_assert!(false, "{watermark:?} held by {gap:?}"),
        }
    }

    #[test]
    fn forcing_turns_done_cells_in_range_into_steps(
        world in unblocked_worlds(), first in 0..8_i32,
    ) {
        let range = DayRange::new(day(first), day(first + 2)).unwrap();
        let survey = world.survey();
        let forced = survey.with_forced(&CellSelection {
            scope: &Scope::AllActive,
            phases: PhaseSet::CELL_PHASES,
            range,
        });
        let request = Request::new(Scope::AllActive);
        let before = plan(&request, &survey, today(&world)).unwrap();
        let after = plan(&request, &forced, today(&world)).unwrap();
        for (cell, decision) in decisions(&after) {
            let done = |phase| survey.coverage.contains(cell.day, phase, cell.portfolio);
            let forced_here = range.contains(cell.day) && Phase::CELL_PHASES.into_iter().any(done);
            match decision {
                Decision::Step { phases, reason: StepReason::Forced(id) } if forced_here => {
                    prop_assert!(phases.iter().any(done));
                    prop_assert!(forced.invalidations.iter().any(|open| open.id == id));
                }
                Decision::Skip(_) | Decision::OutOfPlan if forced_here => {
                    prop_assert_ne!(decision, Decision::Skip(SkipReason::Complete));
                }
                _ => prop_assert_eq!(decision, before.decision(cell)),
            }
        }
    }
}
