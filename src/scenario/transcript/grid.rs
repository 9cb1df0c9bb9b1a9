//! The cells of a run as a grid of the sessions on which there is something to see.

use crate::query::{Grid, GridRow, Mark};
use crate::report::{self, Palette};
use crate::scenario::name_list::{format_names, is_next_name};

/// How many sessions fit beside each other.
const SESSIONS: usize = 9;
/// From so many neighbours on, whose names follow each other and whose cells are alike, they
/// share a row.
const MIN_SHARED_ROWS: usize = 3;

/// The grid in bands of sessions, each a text of its own. Sessions on which everybody has it or
/// is not due are left out, but for the one before each that is not.
pub(super) fn bands(grid: &Grid, palette: Palette) -> Vec<String> {
    let shown = notable_columns(grid);
    let rows = rows(grid, &shown);
    let bands = shown.chunks(SESSIONS).enumerate();
    let band = |(nth, columns): (usize, &[usize])| {
        let first = nth * SESSIONS;
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

/// The columns that are shown, ascending.
fn notable_columns(grid: &Grid) -> Vec<usize> {
    let quiet = |at: usize| {
        let mut marks = grid.rows.iter().map(|row| row.marks[at]);
        marks.all(|mark| matches!(mark, Mark::DoneBefore | Mark::NotDue))
    };
    let shown = |at: usize| !quiet(at) || (at + 1 < grid.days.len() && !quiet(at + 1));
    let columns: Vec<usize> = (0..grid.days.len()).filter(|at| shown(*at)).collect();
    if columns.is_empty() {
        return (grid.days.len().saturating_sub(1)..grid.days.len()).collect();
    }
    columns
}

/// The rows with the columns that are shown.
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

/// The row that neighbours share, or theirs one by one where they are few.
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
