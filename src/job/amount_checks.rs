//! Checks the amounts that a job writes, if the map has any: they are those of their day, whatever is done
//! already, and a day that is done again gets the same ones.

use std::collections::BTreeMap;

use super::error::JobError;
use super::request::JobRequest;
use super::run::{Disturbance, JobRun};
use super::run_checks::BrokenPromise;
use super::state::JobState;
use super::subject::Subject;
use crate::domain::{Cell, Day, DayRange, PortfolioId};
use crate::scenario::runner::{BooksByDay, CellBooks, Promise};

/// Checks both promises about amounts.
pub(super) fn check_amounts(
    subject: &Subject<'_>,
    start: &JobState<'_>,
) -> Result<Vec<BrokenPromise>, JobError> {
    let (job, mut broken) = (subject.job, Vec::new());
    let promises = [
        Promise::LaterDaysDoNotCount,
        Promise::ForcedRunRepeatsAmounts,
    ];
    if job.map.amounts().next().is_none() || !promises.iter().any(|promise| job.checks(*promise)) {
        return Ok(broken);
    }
    let state = start.fork()?;
    let run = subject.run(&state, &subject.nightly(), Disturbance::default())?;
    if run.failure.is_some() {
        return Ok(broken);
    }
    let books = state.books()?;
    if job.checks(Promise::LaterDaysDoNotCount) {
        broken.extend(check_later_days(subject, &run, (&state, &books))?);
    }
    if job.checks(Promise::ForcedRunRepeatsAmounts) {
        broken.extend(check_forced(subject, &run, (&state, &books))?);
    }
    Ok(broken)
}

/// Compares the first open day of each portfolio with the one in a world that has nothing done after it.
fn check_later_days(
    subject: &Subject<'_>,
    run: &JobRun,
    (state, books): (&JobState<'_>, &BooksByDay),
) -> Result<Option<BrokenPromise>, JobError> {
    let mut first_open: BTreeMap<PortfolioId, Day> = BTreeMap::new();
    for cell in run.needed() {
        let first = first_open.entry(cell.portfolio).or_insert(cell.day);
        *first = cell.day.min(*first);
    }
    let mut world = subject.world.clone();
    let mut cells = Vec::new();
    for portfolio in &mut world.portfolios {
        let id = portfolio.portfolio.id;
        let Some(first) = first_open.get(&id) else {
            continue;
        };
        let done = portfolio.done.len();
        portfolio.done.retain(|day, _| day <= first);
        portfolio.rows.retain(|day| day <= first);
        if portfolio.done.len() < done {
            cells.push(Cell::new(*first, id));
        }
    }
    if cells.is_empty() {
        return Ok(None);
    }
    let without = Subject {
        world: &world,
        ..*subject
    };
    let other = without.load()?;
    let again = without.run(&other, &without.nightly(), Disturbance::default())?;
    cells.retain(|cell| run.has_done(*cell) && again.has_done(*cell));
    let text = difference(&cells, state, books, &other.books()?);
    Ok(text.map(|(cell, before, after)| BrokenPromise {
        promise: Promise::LaterDaysDoNotCount,
        text: format!("{cell} has {before}, but {after} if no later day is done"),
    }))
}

/// Forces the target, and compares the cells that the run before it did.
fn check_forced(
    subject: &Subject<'_>,
    run: &JobRun,
    (state, books): (&JobState<'_>, &BooksByDay),
) -> Result<Option<BrokenPromise>, JobError> {
    let day = run.plan.target.day;
    let (Some(command), Ok(days)) = (&subject.job.commands.force, DayRange::new(day, day)) else {
        return Ok(None);
    };
    let mut request = JobRequest::nightly(command);
    request.plan.from = Some(day);
    request.plan.to = Some(day);
    request.force = Some(days);
    let forced = subject.run(state, &request, Disturbance::default())?;
    if forced.failure.is_some() {
        return Ok(None);
    }
    let mut cells = run.needed();
    cells.retain(|cell| run.has_done(*cell));
    let text = difference(&cells, state, books, &state.books()?);
    Ok(text.map(|(cell, before, after)| BrokenPromise {
        promise: Promise::ForcedRunRepeatsAmounts,
        text: format!("{cell} has {before}, and {after} after a forced run of {day}"),
    }))
}

/// Returns the first cell with different amounts as `A on 2026-01-06`, with both amounts.
fn difference(
    cells: &[Cell],
    state: &JobState<'_>,
    books: &BooksByDay,
    others: &BooksByDay,
) -> Option<(String, String, String)> {
    let names = state.names();
    cells.iter().find_map(|cell| {
        let name = names.portfolio(cell.portfolio);
        let of = |books: &BooksByDay| books.get(&name)?.get(&cell.day).cloned();
        let (before, after) = (of(books), of(others));
        let cell = format!("{name} on {}", cell.day);
        (before != after).then(|| (cell, amounts_text(before), amounts_text(after)))
    })
}

fn amounts_text(books: Option<CellBooks>) -> String {
    match books {
        Some(CellBooks::Mapped(amounts)) if !amounts.is_empty() => {
            let amounts = amounts.iter();
            let amounts = amounts.map(|(amount, value)| format!("{} {value}", amount.name()));
            amounts.collect::<Vec<_>>().join(", ")
        }
        _ => "no amounts".to_owned(),
    }
}
