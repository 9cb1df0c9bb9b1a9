//! Checks the amounts that a job writes, if the map has any: they are those of their day, whatever is done
//! already, and a forced run does its day again, with the same ones.

use std::collections::BTreeMap;

use super::error::JobError;
use super::job_file::JobCommand;
use super::request::JobRequest;
use super::run::{Disturbance, JobRun};
use super::run_checks::{BrokenPromise, check_run, left_text};
use super::state::JobState;
use super::subject::Subject;
use crate::domain::{Cell, Day, DayRange, PortfolioId};
use crate::scenario::runner::{BooksByDay, CellBooks, Promise};

/// The promises that a forced run shows.
const OF_FORCED_RUNS: [Promise; 3] = [
    Promise::ForcedRunRepeatsAmounts,
    Promise::NoWriteOutsideRange,
    Promise::DeletedDoNotCount,
];

/// Checks both promises about amounts, and what a forced run does.
pub(super) fn check_amounts(
    subject: &Subject<'_>,
    start: &JobState<'_>,
) -> Result<Vec<BrokenPromise>, JobError> {
    let (job, mut broken) = (subject.job, Vec::new());
    let checks_days =
        job.map.amounts().next().is_some() && subject.checks(Promise::LaterDaysDoNotCount);
    let force = job.commands.force.as_ref();
    let force = force.filter(|_| {
        OF_FORCED_RUNS
            .iter()
            .any(|promise| subject.checks(*promise))
    });
    if !checks_days && force.is_none() {
        return Ok(broken);
    }
    let state = start.fork()?;
    let run = subject.run(&state, &subject.nightly(), Disturbance::default())?;
    if run.failure.is_some() {
        return Ok(broken);
    }
    let books = state.books()?;
    if checks_days {
        broken.extend(check_later_days(subject, &run, (&state, &books))?);
    }
    if let Some(force) = force {
        let found = check_forced(subject, force, &run, (&state, &books))?;
        let found = found.filter(|broken| subject.checks(broken.promise));
        broken.extend(found);
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

/// Forces the target: all its cells are done again and no others, and the amounts of those that the run
/// before it did are equal.
fn check_forced(
    subject: &Subject<'_>,
    command: &JobCommand,
    run: &JobRun,
    (state, books): (&JobState<'_>, &BooksByDay),
) -> Result<Option<BrokenPromise>, JobError> {
    let day = run.plan.target.day;
    let Ok(days) = DayRange::new(day, day) else {
        return Ok(None);
    };
    let request = JobRequest::forced(command, days);
    let forced = subject.run(state, &request, Disturbance::default())?;
    let promise = Promise::ForcedRunRepeatsAmounts;
    if let Some(failure) = &forced.failure {
        let text = format!("of a forced run of {day}, {failure}");
        return Ok(Some(BrokenPromise { promise, text }));
    }
    let missed = forced.missed();
    if !missed.is_empty() {
        let left = left_text(state, &missed);
        let text = format!("a forced run of {day} did not do it again: {left}");
        return Ok(Some(BrokenPromise { promise, text }));
    }
    let found = check_run(state, &request, &forced).into_iter();
    let mut found = found.filter(|found| OF_FORCED_RUNS.contains(&found.promise));
    if let Some(BrokenPromise { promise, text }) = found.next() {
        let text = format!("a forced run of {day}: {text}");
        return Ok(Some(BrokenPromise { promise, text }));
    }
    let mut cells = run.needed();
    // The amounts of a snapshot that was done before are the world's.
    cells.retain(|cell| run.has_done(*cell) && !run.had_snapshot(*cell));
    let text = difference(&cells, state, books, &state.books()?);
    Ok(text.map(|(cell, before, after)| BrokenPromise {
        promise,
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
