//! Turns a run of a job into the plain values of a transcript.

use std::collections::BTreeMap;

use super::outcome::FailedEnd;
use super::run::JobRun;
use crate::domain::{Cell, Day, IdSet, Phase, PortfolioId, count_ids};
use crate::plan::{Decision, watermarks};
use crate::query::{Grid, Mark, Names};
use crate::scenario::runner::{RunResult, names_by_day};
use crate::scenario::script::RunEnd;

/// Returns the result of a run, as that of Plimsoll's own runs.
pub(super) fn run_result(run: &JobRun, names: &Names) -> RunResult {
    let plan = &run.plan;
    let written = run.written();
    let end = run_end(run);
    let by_day = |cells: &BTreeMap<Day, IdSet>| names_by_day(cells, names);
    let redundant = cells_where(&written, |cell| is_redundant(run, cell));
    let left_behind = match end {
        RunEnd::Complete | RunEnd::Incomplete => left_behind(run),
        _ => BTreeMap::new(),
    };
    let done = cells_where(&written, |cell| run.is_complete(cell));
    let mut result = RunResult::from_plan(
        plan,
        &watermarks(&run.survey, &plan.scope, plan.target.day).scope_watermark(),
        names,
    );
    let mut after = run.survey.clone();
    after.coverage = run.after.clone();
    let watermark = watermarks(&after, &plan.scope, plan.target.day).scope_watermark();
    result.end = end;
    result.exit = run.exit.and_then(|code| u8::try_from(code).ok());
    result.done = count_ids(&done);
    result.processed = by_day(&written);
    result.redundant = by_day(&redundant);
    result.left_behind = by_day(&left_behind);
    result.watermark = result
        .watermark
        .map(|(before, _)| (before, watermark.day()));
    result.error = run.failure.as_ref().map(ToString::to_string);
    result.log = run.output.lines().map(str::to_owned).collect();
    result.grid = grid(run, names, &written);
    result
}

/// Returns the end of a run, by its command and by the cells that are still needed.
fn run_end(run: &JobRun) -> RunEnd {
    match &run.failure {
        Some(failure) if failure.end == FailedEnd::Killed => RunEnd::Crashed,
        Some(_) => RunEnd::Failed,
        None if run.missed().is_empty() => RunEnd::Complete,
        None => RunEnd::Incomplete,
    }
}

/// Returns whether a written cell was complete and is not one that the plan does.
pub(super) fn is_redundant(run: &JobRun, cell: Cell) -> bool {
    run.was_complete(cell) && !matches!(run.plan.decision(cell), Decision::Step { .. })
}

/// Returns the needed cells that the run did not write and that are still not complete.
pub(super) fn left_behind(run: &JobRun) -> BTreeMap<Day, IdSet> {
    let written = run.written();
    let is_written = |cell: &Cell| {
        let of_day = written.get(&cell.day);
        of_day.is_some_and(|ids| ids.contains(cell.portfolio.0))
    };
    Cell::by_day(run.missed().into_iter().filter(|cell| !is_written(cell)))
}

/// Returns whether a phase of a cell is done after the run.
fn has_phase(run: &JobRun, cell: Cell) -> bool {
    let mut phases = Phase::CELL_PHASES.into_iter();
    phases.any(|phase| run.after.contains(cell.day, phase, cell.portfolio))
}

fn cells_where(cells: &BTreeMap<Day, IdSet>, holds: impl Fn(Cell) -> bool) -> BTreeMap<Day, IdSet> {
    let all = cells.iter().flat_map(|(day, ids)| {
        let ids = ids.iter();
        ids.map(|id| Cell::new(*day, PortfolioId(id)))
    });
    Cell::by_day(all.filter(|cell| holds(*cell)))
}

/// Returns the grid of the run: written cells, and needed ones that it left.
fn grid(run: &JobRun, names: &Names, written: &BTreeMap<Day, IdSet>) -> Grid {
    let mut named = names.portfolio_names().clone();
    named.retain(|id, _| run.plan.members.contains(id.0));
    let mut grid = Grid::from_plan(&run.plan, &named, usize::MAX);
    for (row, id) in grid.rows.iter_mut().zip(named.keys()) {
        for (mark, day) in row.marks.iter_mut().zip(&grid.days) {
            let cell = Cell::new(*day, *id);
            let is_written = written.get(day).is_some_and(|ids| ids.contains(id.0));
            *mark = match (is_written, *mark) {
                (true, _) if is_redundant(run, cell) => Mark::Redundant,
                (true, _) if run.is_complete(cell) => Mark::Processed,
                (true, _) => Mark::Partial,
                (false, Mark::Processed) if run.has_done(cell) => Mark::DoneBefore,
                (false, Mark::Processed) if run.failure.is_some() => match has_phase(run, cell) {
                    true => Mark::Partial,
                    false => Mark::Open,
                },
                (false, Mark::Processed) => Mark::LeftBehind,
                (false, mark) => mark,
            };
        }
    }
    grid
}
