//! Reads the rows in which a job keeps books of its own work: its runs, and its progress by day.

use std::collections::BTreeMap;

use super::error::JobError;
use super::state::JobState;
use crate::capture::{CaptureError, Map, Row, Table, parse_day};
use crate::domain::Day;
use crate::scenario::runner::Promise;
use crate::store::RunState;

type Values = Vec<Option<String>>;

/// The rows that a run added or changed.
#[derive(Debug, Default)]
pub(super) struct Bookkeeping {
    pub(super) runs: Vec<RunRow>,
    /// The numbers of cells that a row counts for a day.
    pub(super) days: Vec<(Day, u64)>,
    /// The counts of all rows of a day, also of those that the run left as they were; `None` if
    /// progress is not mapped.
    pub(super) all_days: Option<BTreeMap<Day, Vec<u64>>>,
}

/// The row of a run.
#[derive(Debug)]
pub(super) struct RunRow {
    pub(super) state: RunState,
    /// The number of cells that it counts; `None` if that is not mapped.
    pub(super) done: Option<u64>,
}

/// All rows of runs and progress; none if they are not mapped, or the promise is switched off.
#[derive(Debug, Default)]
pub(super) struct BookkeepingRows {
    runs: Vec<Values>,
    days: Vec<Values>,
}

impl BookkeepingRows {
    pub(super) fn read(state: &JobState<'_>) -> Result<Self, JobError> {
        if !state.job.checks(Promise::ProgressRowsAreTrue) {
            return Ok(Self::default());
        }
        let map = &state.job.map;
        let rows_of = |table: &Option<Table>| match table {
            Some(table) => state.rows_of(table),
            None => Ok(Vec::new()),
        };
        Ok(Self {
            runs: rows_of(&map.runs)?,
            days: rows_of(&map.progress)?,
        })
    }

    /// Returns the rows that earlier ones do not have, with their meaning.
    pub(super) fn since(
        self,
        earlier: &Self,
        state: &JobState<'_>,
    ) -> Result<Bookkeeping, JobError> {
        let map = &state.job.map;
        let mut found = Bookkeeping::default();
        if let Some(table) = &map.runs {
            for (number, values) in without(self.runs, &earlier.runs) {
                found
                    .runs
                    .push(run_row(&Row::new(table, number, &values), map)?);
            }
        }
        if let Some(table) = &map.progress {
            let parse = |number, values: &Values| -> Result<_, CaptureError> {
                let row = Row::new(table, number, values);
                let day = row.parse("day", "a day", parse_day)?;
                Ok((day, row.parse("done", "a count", parse_count)?))
            };
            let all = found.all_days.insert(BTreeMap::new());
            for (number, values) in (1..).zip(&self.days) {
                if let (Some(day), done) = parse(number, values)? {
                    all.entry(day).or_default().extend(done);
                }
            }
            for (number, values) in without(self.days, &earlier.days) {
                let (day, done) = parse(number, &values)?;
                found.days.extend(day.zip(done));
            }
        }
        Ok(found)
    }
}

fn run_row(row: &Row<'_>, map: &Map) -> Result<RunRow, CaptureError> {
    let expected = "a run state; `[map.runs.states]` can name other words";
    let named = row.parse("state", expected, |word| map.run_state(word))?;
    let by_end = match (row.is_mapped("ended"), row.text("ended")) {
        (true, Some(_)) => RunState::Complete,
        (true, None) => RunState::Running,
        // Neither the state nor the end is known.
        (false, _) => RunState::Incomplete,
    };
    Ok(RunRow {
        state: named.unwrap_or(by_end),
        done: row.parse("done", "a count", parse_count)?,
    })
}

fn parse_count(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// Returns the rows without as many equal ones as there were before, with their numbers from 1.
fn without(rows: Vec<Values>, earlier: &[Values]) -> Vec<(u64, Values)> {
    let mut known: BTreeMap<&Values, u32> = BTreeMap::new();
    for row in earlier {
        *known.entry(row).or_default() += 1;
    }
    let mut is_new = |row: &Values| match known.get_mut(row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    let numbered = (1..).zip(rows);
    numbered.filter(|(_, row)| is_new(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_earlier_row_takes_one_equal_row_out() {
        let row = |text: &str| vec![Some(text.to_owned()), None];
        let rows = vec![row("a"), row("b"), row("a"), row("c")];
        let earlier = [row("a"), row("b")];
        assert_eq!(without(rows, &earlier), [(3, row("a")), (4, row("c"))]);
    }
}
