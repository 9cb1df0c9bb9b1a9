//! The same grid filled by a plan, by an outcome and by what there is.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{PhaseSet, PortfolioId, Scope};
use crate::engine::survey_and_plan;
use crate::inquiry::fixture::{Fixture, filled, unfilled};
use crate::inquiry::{Grid, Mark};
use crate::plan::{Limit, Plan, PolicyName, Request};

impl Fixture {
    fn names(&self) -> BTreeMap<PortfolioId, String> {
        let portfolios = self.portfolios.iter();
        portfolios.map(|one| (one.id, one.name.clone())).collect()
    }

    fn plan(&self, request: &Request) -> Plan {
        let now = self.environment.clock.now();
        let settings = &self.settings;
        let plan = self
            .store
            .read(|reading| survey_and_plan(reading, request, settings, now));
        plan.unwrap().1
    }
}

fn lines(grid: &Grid) -> Vec<String> {
    let rows = grid.rows.iter();
    let line = |marks: &[Mark]| marks.iter().map(|mark| mark.symbol()).collect::<String>();
    rows.map(|row| format!("{} {}", row.name, line(&row.marks)))
        .collect()
}

fn everybody() -> Request {
    Request::new(Scope::AllActive)
}

#[test]
fn a_plan_marks_what_it_would_do() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[28], PhaseSet::CELL_PHASES);
    let plan = fixture.plan(&everybody());
    let grid = Grid::of_plan(&plan, &fixture.names(), 3);
    assert_eq!(lines(&grid), ["Alpha =#=", "Beta ===", "Gone ..."]);
    assert_eq!(grid.days, fixture.days[27..]);
    assert_eq!(grid.marks(), [Mark::Had, Mark::Processed, Mark::NotDue]);
}

#[test]
fn what_a_policy_does_not_see_is_left_behind() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[28], PhaseSet::CELL_PHASES);
    let request = Request {
        policy: PolicyName::GlobalMax.policy(),
        ..everybody()
    };
    let grid = Grid::of_plan(&fixture.plan(&request), &fixture.names(), 3);
    assert_eq!(lines(&grid)[0], "Alpha =?=");
}

#[test]
fn what_is_over_the_limit_is_left_for_later() {
    let fixture = unfilled();
    let request = Request {
        limit: Limit::Cells(29),
        ..everybody()
    };
    let grid = Grid::of_plan(&fixture.plan(&request), &fixture.names(), 15);
    assert_eq!(grid.rows[0].marks[4], Mark::Processed);
    assert_eq!(lines(&grid)[0], "Alpha #####>>>>>>>>>>");
    assert_eq!(lines(&grid)[1], "Beta ####>>>>>>>>>>>");
}

#[test]
fn the_state_of_the_books_marks_what_is_open_and_what_is_half_done() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[28], PhaseSet::CELL_PHASES);
    fixture.invalidate_alpha(
        fixture.days[29],
        PhaseSet::CELL_PHASES.without(crate::domain::Phase::Snapshot),
    );
    let grid = Grid::of_status(&fixture.plan(&everybody()), &fixture.names(), 3);
    assert_eq!(lines(&grid)[0], "Alpha =-~");
}

#[test]
fn an_outcome_marks_what_was_done_what_failed_and_what_waits() {
    let fixture = unfilled();
    fixture.damage("UPDATE entry SET security = NULL WHERE reference = 'T1'");
    let grid = Grid::of_outcome(&fixture.run(), &fixture.names(), 3);
    assert_eq!(lines(&grid), ["Alpha !!!", "Beta ###", "Gone ..."]);
    fixture.a_day_later();
    let grid = Grid::of_outcome(&fixture.run(), &fixture.names(), 3);
    assert_eq!(lines(&grid)[1], "Beta ==b");
}

#[test]
fn a_step_that_was_not_reached_is_left_for_later() {
    let fixture = unfilled();
    let mut outcome = fixture.run();
    outcome.done.remove(&fixture.target());
    let grid = Grid::of_outcome(&outcome, &fixture.names(), 3);
    assert_eq!(lines(&grid)[0], "Alpha ##>");
}

#[test]
fn no_two_marks_look_alike() {
    let symbols: BTreeSet<_> = Mark::ALL.into_iter().map(Mark::symbol).collect();
    let legends: BTreeSet<_> = Mark::ALL.into_iter().map(Mark::legend).collect();
    assert_eq!(
        (symbols.len(), legends.len()),
        (Mark::ALL.len(), Mark::ALL.len())
    );
}
