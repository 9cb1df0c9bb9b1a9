//! Formats the cells of a run as a grid of the sessions on which something happened.

use crate::query::{Grid, GridRow, Mark};
use crate::report::{self, Palette};
use crate::scenario::names::{format_names, is_next_name};

/// Sessions that fit side by side in 80 columns.
const SESSIONS: usize = 9;
/// Neighbouring rows with consecutive names and equal cells share a row from this number on.
const MIN_SHARED_ROWS: usize = 3;

/// Formats the grid in bands of at most nine sessions. Sessions on which every cell was done before
/// or is not due are left out, except the one before each shown session.
pub(super) fn bands(grid: &Grid, palette: Palette) -> Vec<String> {
    let shown = notable_columns(grid);
    let rows = rows(grid, &shown);
    let bands = shown.chunks(SESSIONS).enumerate();
    let band = |(index, columns): (usize, &[usize])| {
        let first = index * SESSIONS;
        let marks = |row: &GridRow| row.marks[first..first + columns.len()].to_vec();
        let band = Grid {
            days: columns.iter().map(|at| grid.days[*at]).collect(),
            rows: (rows.iter())
                .map(|row| GridRow {
                    name: row.name.clone(),
                    marks: marks(row),
                })
                .collect(),
        };
        report::grid_text(&band, palette)
    };
    bands.map(band).collect()
}

/// Returns the columns to show, ascending.
fn notable_columns(grid: &Grid) -> Vec<usize> {
    let quiet = |at: usize| {
        let mut marks = grid.rows.iter().map(|row| row.marks[at]);
        marks.all(|mark| matches!(mark, Mark::DoneBefore | Mark::NotDue))
    };
    let shown = |at: usize| !quiet(at) || (at + 1 < grid.days.len() && !quiet(at + 1));
    let columns: Vec<usize> = (0..grid.days.len()).filter(|at| shown(*at)).collect();
    if columns.is_empty() {
        // A run with nothing to do shows its last session rather than no grid.
        return (grid.days.len().saturating_sub(1)..grid.days.len()).collect();
    }
    columns
}

/// Returns the rows with the shown columns, consecutive equal ones merged.
fn rows(grid: &Grid, shown: &[usize]) -> Vec<GridRow> {
    let rows = grid.rows.iter().map(|row| GridRow {
        name: row.name.clone(),
        marks: shown.iter().map(|at| row.marks[*at]).collect(),
    });
    let mut alike: Vec<(Vec<String>, Vec<Mark>)> = Vec::new();
    for row in rows {
        match alike.last_mut() {
            Some((names, marks))
                if *marks == row.marks
                    && names
                        .last()
                        .is_some_and(|last| is_next_name(last, &row.name)) =>
            {
                names.push(row.name);
            }
            _ => alike.push((vec![row.name], row.marks)),
        }
    }
    alike.into_iter().flat_map(merge_rows).collect()
}

/// Merges equal neighbours into one row if they are enough.
fn merge_rows((names, marks): (Vec<String>, Vec<Mark>)) -> Vec<GridRow> {
    let names = if names.len() < MIN_SHARED_ROWS {
        names
    } else {
        vec![format_names(&names)]
    };
    let row = |name| GridRow {
        name,
        marks: marks.clone(),
    };
    names.into_iter().map(row).collect()
}
