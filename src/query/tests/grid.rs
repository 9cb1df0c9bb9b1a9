//! Tests of grids made from a plan, from an outcome and from the status.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{PhaseSet, PortfolioId, Scope};
use crate::engine::survey_and_plan;
use crate::plan::{Limit, Plan, PolicyName, Request};
use crate::query::fixture::{Fixture, filled, unfilled};
use crate::query::grid::{Grid, Mark};

impl Fixture {
    fn names(&self) -> BTreeMap<PortfolioId, String> {
        let portfolios = self.portfolios.iter();
        portfolios
            .map(|portfolio| (portfolio.id, portfolio.name.clone()))
            .collect()
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

fn all_active() -> Request {
    Request::new(Scope::AllActive)
}

#[test]
fn a_plan_marks_what_it_would_do() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[28], PhaseSet::CELL_PHASES);
    let plan = fixture.plan(&all_active());
    let grid = Grid::from_plan(&plan, &fixture.names(), 3);
    assert_eq!(lines(&grid), ["Alpha =#=", "Beta ===", "Gone ..."]);
    assert_eq!(grid.days, fixture.days[27..]);
    assert_eq!(
        grid.marks(),
        [Mark::DoneBefore, Mark::Processed, Mark::NotDue]
    );
}

#[test]
fn cells_hidden_from_a_policy_are_left_behind() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[28], PhaseSet::CELL_PHASES);
    let request = Request {
        policy: PolicyName::GlobalMax.policy(),
        ..all_active()
    };
    let grid = Grid::from_plan(&fixture.plan(&request), &fixture.names(), 3);
    assert_eq!(lines(&grid)[0], "Alpha =?=");
}

#[test]
fn cells_over_the_limit_are_deferred() {
    let fixture = unfilled();
    let request = Request {
        limit: Limit::Cells(29),
        ..all_active()
    };
    let grid = Grid::from_plan(&fixture.plan(&request), &fixture.names(), 15);
    assert_eq!(grid.rows[0].marks[4], Mark::Processed);
    assert_eq!(lines(&grid)[0], "Alpha #####>>>>>>>>>>");
    assert_eq!(lines(&grid)[1], "Beta ####>>>>>>>>>>>");
}

#[test]
fn status_marks_open_and_partial_cells() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[28], PhaseSet::CELL_PHASES);
    fixture.invalidate_alpha(
        fixture.days[29],
        PhaseSet::CELL_PHASES.without(crate::domain::Phase::Snapshot),
    );
    let grid = Grid::from_status(&fixture.plan(&all_active()), &fixture.names(), 3);
    assert_eq!(lines(&grid)[0], "Alpha =-~");
}

#[test]
fn an_outcome_marks_done_failed_and_blocked_cells() {
    let fixture = unfilled();
    fixture.damage("UPDATE entry SET security = NULL WHERE reference = 'T1'");
    let grid = Grid::from_outcome(&fixture.run(), &fixture.names(), 3);
    assert_eq!(lines(&grid), ["Alpha !!!", "Beta ###", "Gone ..."]);
    fixture.advance_one_day();
    let grid = Grid::from_outcome(&fixture.run(), &fixture.names(), 3);
    assert_eq!(lines(&grid)[1], "Beta ==u");
}

#[test]
fn an_unreached_step_is_deferred() {
    let fixture = unfilled();
    let mut outcome = fixture.run();
    outcome.done.remove(&fixture.target());
    let grid = Grid::from_outcome(&outcome, &fixture.names(), 3);
    assert_eq!(lines(&grid)[0], "Alpha ##>");
}

#[test]
fn mark_symbols_and_legends_are_unique() {
    let symbols: BTreeSet<_> = Mark::ALL.into_iter().map(Mark::symbol).collect();
    let legends: BTreeSet<_> = Mark::ALL.into_iter().map(Mark::legend).collect();
    assert_eq!(
        (symbols.len(), legends.len()),
        (Mark::ALL.len(), Mark::ALL.len())
    );
}
