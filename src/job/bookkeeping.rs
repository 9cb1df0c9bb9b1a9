//! Reads the rows in which a job keeps books of its own work: its runs, and its progress by day.

use std::collections::BTreeMap;

use super::error::JobError;
use super::promise::Promise;
use super::state::JobState;
use crate::capture::{Table, parse_day};
use crate::domain::Day;
use crate::store::RunState;

type Values = Vec<Option<String>>;

/// The rows that a run added or changed.
#[derive(Debug, Default)]
pub(super) struct Bookkeeping {
    pub(super) runs: Vec<RunRow>,
    /// The numbers of cells that a row counts for a day.
    pub(super) days: Vec<(Day, u64)>,
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
            for row in without(self.runs, &earlier.runs) {
                found.runs.push(run_row(table, &row, state)?);
            }
        }
        if let Some(table) = &map.progress {
            for row in without(self.days, &earlier.days) {
                let day = value(table, &row, "day", "a day", parse_day)?;
                let done = value(table, &row, "done", "a count", parse_count)?;
                found.days.extend(day.zip(done));
            }
        }
        Ok(found)
    }
}

fn run_row(table: &Table, row: &Values, state: &JobState<'_>) -> Result<RunRow, JobError> {
    let expected = "a run state; `[map.runs.states]` can name other words";
    let known = |word: &str| state.job.map.run_state(word);
    let named = value(table, row, "state", expected, known)?;
    let ended = value(table, row, "ended", "an instant", |text| {
        Some(text.to_owned())
    })?;
    let by_end = match ended {
        Some(_) => RunState::Complete,
        None => RunState::Running,
    };
    Ok(RunRow {
        state: named.unwrap_or(match table.column_index("ended") {
            Some(_) => by_end,
            // Neither the state nor the end is mapped.
            None => RunState::Incomplete,
        }),
        done: value(table, row, "done", "a count", parse_count)?,
    })
}

fn parse_count(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// Parses a column of a row; `None` if it is not mapped or null.
fn value<T>(
    table: &Table,
    row: &Values,
    key: &str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, JobError> {
    let Some(at) = table.column_index(key) else {
        return Ok(None);
    };
    let Some(text) = &row[at] else {
        return Ok(None);
    };
    let parsed = parse(text).ok_or_else(|| JobError::Read {
        line: table.columns[at].line,
        table: table.name.clone(),
        column: table.columns[at].name.clone(),
        value: text.clone(),
        expected,
    })?;
    Ok(Some(parsed))
}

/// Returns the rows without as many equal ones as there were before.
fn without(rows: Vec<Values>, earlier: &[Values]) -> Vec<Values> {
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
    rows.into_iter().filter(|row| is_new(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_earlier_row_takes_one_equal_row_out() {
        let row = |text: &str| vec![Some(text.to_owned()), None];
        let rows = vec![row("a"), row("b"), row("a"), row("c")];
        let earlier = [row("a"), row("b")];
        assert_eq!(without(rows, &earlier), [row("a"), row("c")]);
    }
}
