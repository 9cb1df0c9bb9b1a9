//! Checks the promises that a single run shows kept or broken, from the cells that it wrote.

use std::collections::BTreeMap;

use super::bookkeeping::{Bookkeeping, RunRow};
use super::request::JobRequest;
use super::result::is_redundant;
use super::run::{JobRun, is_complete};
use super::state::JobState;
use crate::domain::{Cell, Day, IdSet, LifecycleStatus, Phase, PortfolioId, Scope};
use crate::plan::Limit;
use crate::report::count_with_noun;
use crate::scenario::names::name_ranges;
use crate::scenario::runner::{Problem, Promise};
use crate::store::{RunState, WriteKind};

/// The sessions that a text names before it counts the others.
const NAMED_SESSIONS: usize = 3;

/// A promise that is broken, with the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenPromise {
    /// The promise that is broken.
    pub promise: Promise,
    /// The facts that break it, in words.
    pub text: String,
}

impl From<BrokenPromise> for Problem {
    fn from(broken: BrokenPromise) -> Self {
        Self::Promise {
            promise: broken.promise,
            text: broken.text,
        }
    }
}

/// Returns the promises that a run breaks.
pub(super) fn check_run(
    state: &JobState<'_>,
    request: &JobRequest<'_>,
    run: &JobRun,
) -> Vec<BrokenPromise> {
    let checks = RunChecks {
        state,
        request,
        run,
    };
    let all = [
        (checks.finding_promise(), checks.missed()),
        (
            Promise::NoSnapshotWithoutAnalytics,
            checks.without_analytics(),
        ),
        (Promise::DoesNothingTwice, checks.done_twice()),
        (Promise::NoWriteOutsideRange, checks.outside_range()),
        (Promise::LeavesPortfoliosAlone, checks.changed_portfolios()),
        (Promise::ProgressRowsAreTrue, checks.untrue_progress()),
        (Promise::DeletedDoNotCount, checks.deleted()),
        (Promise::ScopeIsHonoured, checks.out_of_scope()),
    ];
    let broken = all.into_iter().filter_map(|(promise, text)| {
        let text = text.filter(|_| state.job.checks(promise))?;
        Some(BrokenPromise { promise, text })
    });
    broken.collect()
}

struct RunChecks<'c> {
    state: &'c JobState<'c>,
    request: &'c JobRequest<'c>,
    run: &'c JobRun,
}

impl RunChecks<'_> {
    /// Returns the promise that a run breaks which leaves cells of its scope behind.
    fn finding_promise(&self) -> Promise {
        match self.request.plan.scope {
            Scope::AllActive => Promise::FindsEveryNeededCell,
            Scope::Only(_) => Promise::ScopeIsHonoured,
        }
    }

    fn missed(&self) -> Option<String> {
        let is_of_unknown = self.request.plan.limit == Limit::Cells(0);
        if let Some(failure) = self.run.failure.as_ref().filter(|_| !is_of_unknown) {
            return Some(failure.to_string());
        }
        let missed = self.run.missed();
        (!missed.is_empty()).then(|| left_text(self.state, &missed))
    }

    fn without_analytics(&self) -> Option<String> {
        let request = &self.request.plan;
        let is_whole = request.scope == Scope::AllActive
            && request.from.is_none()
            && request.limit == Limit::None
            && self.run.failure.is_none();
        if !is_whole {
            return None;
        }
        let mut half_done = Vec::new();
        for (day, phase, ids) in self.run.after.iter() {
            let is_due = phase == Phase::Snapshot && day <= self.run.plan.target.day;
            for id in ids.iter().filter(|_| is_due) {
                let cell = Cell::new(day, PortfolioId(id));
                let portfolio = self.state.portfolios.get(&cell.portfolio);
                let is_active = portfolio.is_some_and(|portfolio| portfolio.lifecycle.is_active());
                if is_active && !is_complete(&self.run.after, cell) {
                    half_done.push(cell);
                }
            }
        }
        (!half_done.is_empty()).then(|| cells_text(self.state, &half_done))
    }

    /// Complete cells that were written, and cells with two inserted snapshots.
    fn done_twice(&self) -> Option<String> {
        let mut inserts: BTreeMap<Cell, u32> = BTreeMap::new();
        for write in &self.run.writes {
            if let (Some(cell), 0, WriteKind::Insert) = (write.cell, write.source, write.kind) {
                *inserts.entry(cell).or_default() += 1;
            }
        }
        let twice = inserts.iter().filter(|(_, count)| **count > 1);
        let twice: Vec<Cell> = twice.map(|(cell, _)| *cell).collect();
        if !twice.is_empty() {
            return Some(format!("written twice: {}", cells_text(self.state, &twice)));
        }
        let redundant = self.written(|cell| is_redundant(self.run, cell) && self.is_alive(cell));
        (!redundant.is_empty())
            .then(|| format!("written again: {}", cells_text(self.state, &redundant)))
    }

    /// Cells out of the range of the run or the life of their portfolio, and rows of unknown
    /// portfolios.
    fn outside_range(&self) -> Option<String> {
        let unknown = self.run.writes.iter().filter(|write| write.cell.is_none());
        let unknown = unknown.count();
        if unknown > 0 {
            let rows = count_with_noun(unknown as u64, "write");
            return Some(format!("{rows} to rows of no known portfolio and day"));
        }
        let plan = &self.run.plan;
        let request = &self.request.plan;
        let last = request
            .to
            .map_or(plan.target.day, |to| to.min(plan.target.day));
        let calendar = &self.state.settings.calendar;
        let outside = self.written(|cell| {
            let portfolio = self.state.portfolios.get(&cell.portfolio);
            let status = portfolio.map(|portfolio| portfolio.lifecycle.status_on(cell.day));
            let is_session = calendar.is_session(cell.day).unwrap_or(false);
            !is_session
                || cell.day > last
                || request.from.is_some_and(|from| cell.day < from)
                || matches!(
                    status,
                    Some(LifecycleStatus::BeforeInception | LifecycleStatus::AfterClose)
                )
        });
        (!outside.is_empty()).then(|| {
            format!(
                "up to {last}, but written: {}",
                cells_text(self.state, &outside)
            )
        })
    }

    fn changed_portfolios(&self) -> Option<String> {
        let found = &self.run.changed_portfolios;
        let name = |id: &String| {
            let known = self.state.portfolio_of(id);
            let known = known.and_then(|id| self.state.portfolios.get(&id));
            known.map_or_else(|| format!("`{id}`"), |portfolio| portfolio.name.clone())
        };
        let all = [
            ("deleted", &found.deleted),
            ("added", &found.added),
            ("changed", &found.changed),
        ];
        let parts = all.into_iter().filter(|(_, ids)| !ids.is_empty());
        let parts = parts.map(|(event, ids)| {
            let names: Vec<String> = ids.iter().map(name).collect();
            format!("{event}: {}", name_ranges(&names).join(", "))
        });
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn untrue_progress(&self) -> Option<String> {
        let bookkeeping = &self.run.bookkeeping;
        let written = self.run.worked_on();
        let by_day = Cell::by_day(written.iter().copied());
        let state_of = |run: &RunRow| match &self.run.failure {
            Some(_) if run.state == RunState::Complete => Some("failed, but its row says complete"),
            None if run.state == RunState::Running => Some("ended, but its row says running"),
            None if run.state == RunState::Failed && self.run.missed().is_empty() => {
                Some("did all its cells, but its row says failed")
            }
            _ => None,
        };
        if let Some(untrue) = bookkeeping.runs.iter().find_map(state_of) {
            return Some(format!("the run {untrue}"));
        }
        if self.run.failure.is_some() {
            // Rows of work that was taken back may be left.
            return None;
        }
        let of_run = written.len() as u64;
        let counts = bookkeeping.runs.iter().filter_map(|run| run.done);
        let untrue = counts.filter(|done| *done != of_run).map(|done| {
            let done = count_with_noun(done, "cell");
            format!("the row of the run says {done}, and it wrote {of_run}")
        });
        let days = bookkeeping.days.iter().filter_map(|(day, done)| {
            let of_day = by_day.get(day).map_or(0, IdSet::len);
            (*done != of_day).then(|| {
                let done = count_with_noun(*done, "cell");
                format!("the progress of {day} says {done}, and the run wrote {of_day}")
            })
        });
        days.chain(untrue).chain(self.uncounted(&by_day)).next()
    }

    /// A day of which cells were written and no row tells so.
    fn uncounted(&self, written: &BTreeMap<Day, IdSet>) -> Option<String> {
        let Bookkeeping { days, all_days, .. } = &self.run.bookkeeping;
        let all_days = all_days.as_ref()?;
        let unchanged = written
            .iter()
            .filter(|(day, _)| !days.iter().any(|(changed, _)| changed == *day));
        let mut untrue = unchanged.filter_map(|(day, ids)| {
            let cells = count_with_noun(ids.len(), "cell");
            match all_days.get(day) {
                None => Some(format!(
                    "the run wrote {cells} of {day}, and {day} has no progress"
                )),
                // A row with an equal count may have been written again.
                Some(counts) if counts.is_empty() || counts.contains(&ids.len()) => None,
                Some(_) => Some(format!(
                    "the run wrote {cells} of {day}, and left the progress of {day} as it was"
                )),
            }
        });
        untrue.next()
    }

    fn deleted(&self) -> Option<String> {
        let deleted = self.written(|cell| {
            let portfolio = self.state.portfolios.get(&cell.portfolio);
            portfolio.is_some_and(|portfolio| !portfolio.lifecycle.is_active())
        });
        (!deleted.is_empty())
            .then(|| format!("deleted, but written: {}", cells_text(self.state, &deleted)))
    }

    fn out_of_scope(&self) -> Option<String> {
        let scope = &self.request.plan.scope;
        if *scope == Scope::AllActive {
            return None;
        }
        let others = self.written(|cell| !scope.contains(cell.portfolio));
        (!others.is_empty()).then(|| {
            format!(
                "out of scope, but written: {}",
                cells_text(self.state, &others)
            )
        })
    }

    fn is_alive(&self, cell: Cell) -> bool {
        let portfolio = self.state.portfolios.get(&cell.portfolio);
        portfolio.is_some_and(|portfolio| {
            portfolio.lifecycle.status_on(cell.day) == LifecycleStatus::Alive
        })
    }

    fn written(&self, holds: impl Fn(Cell) -> bool) -> Vec<Cell> {
        let written = self.run.written();
        let cells = written.iter().flat_map(|(day, ids)| {
            let ids = ids.iter().map(PortfolioId);
            ids.map(|id| Cell::new(*day, id))
        });
        cells.filter(|cell| holds(*cell)).collect()
    }
}

/// Returns the cells that were left behind as `2026-01-08: 12 of 13 portfolios left behind (B..M)`.
pub(super) fn left_text(state: &JobState<'_>, cells: &[Cell]) -> String {
    let active = state.portfolios.values();
    let active = active.filter(|portfolio| portfolio.lifecycle.is_active());
    let portfolios = count_with_noun(active.count() as u64, "portfolio");
    days_text(state, cells, |ids, names| {
        format!("{} of {portfolios} left behind ({names})", ids.len())
    })
}

/// Returns cells as `2026-01-08: B..M`.
pub(super) fn cells_text(state: &JobState<'_>, cells: &[Cell]) -> String {
    days_text(state, cells, |_, names| names.to_owned())
}

fn days_text(
    state: &JobState<'_>,
    cells: &[Cell],
    text: impl Fn(&IdSet, &str) -> String,
) -> String {
    let days: BTreeMap<Day, IdSet> = Cell::by_day(cells.iter().copied());
    let names = state.names();
    let shown = days.iter().take(NAMED_SESSIONS).map(|(day, ids)| {
        let names = name_ranges(&names.portfolios(ids)).join(", ");
        format!("{day}: {}", text(ids, &names))
    });
    let mut parts: Vec<String> = shown.collect();
    if days.len() > NAMED_SESSIONS {
        let more = count_with_noun((days.len() - NAMED_SESSIONS) as u64, "more session");
        parts.push(format!("and {more}"));
    }
    parts.join("; ")
}
