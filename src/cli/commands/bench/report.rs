//! What nights came to, as text and JSON.

use serde::Serialize;

use super::measurement::NightMeasurement;
use crate::report::{self, Column, Entry, Palette, Table, number};
use crate::scenario::synthetic::Shape;

/// What nights of one size came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct BenchReport {
    shape: String,
    nights: usize,
    /// Cells that a night did.
    cells: u64,
    cells_per_second: f64,
    /// Rows of outputs that a night left, those of securities included.
    rows: u64,
    rows_per_second: f64,
    /// By how much the file grew.
    bytes: u64,
    /// How often the process wrote to a file during a night, where the system tells.
    writes: Option<u64>,
    /// The most memory that the process held up to the end of the first night, in bytes, where the
    /// system tells.
    peak_memory: Option<u64>,
    /// Medians, in microseconds. `committing` goes on beside the others, and `floor` comes after
    /// the night.
    microseconds: Vec<(&'static str, u64)>,
}

pub(super) fn summarize(shape: Shape, nights: &[NightMeasurement]) -> BenchReport {
    let median = |at: usize| {
        let mut all: Vec<_> = nights.iter().map(|night| night.stages[at].1).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    let names = nights[0].stages.iter().map(|(name, _)| *name);
    let times = names
        .enumerate()
        .map(|(at, name)| (name, median(at).as_micros() as u64));
    let NightMeasurement {
        cells,
        rows,
        bytes,
        writes,
        peak_memory,
        ..
    } = nights[0];
    let seconds = median(0).as_secs_f64();
    BenchReport {
        shape: shape.to_string(),
        nights: nights.len(),
        cells,
        cells_per_second: cells as f64 / seconds,
        rows,
        rows_per_second: rows as f64 / seconds,
        bytes,
        writes,
        peak_memory,
        microseconds: times.collect(),
    }
}

/// What the system tells of the most that this process held.
pub(super) fn peak_memory() -> Option<u64> {
    Some(read_proc_value("/proc/self/status", "VmHWM:")? * 1024)
}

/// How often this process wrote, as the system tells.
pub(super) fn writes_so_far() -> Option<u64> {
    read_proc_value("/proc/self/io", "syscw:")
}

/// A number that the system tells of this process, in the line that begins so.
fn read_proc_value(file: &str, beginning: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(beginning))?;
    line.split_whitespace().next()?.parse().ok()
}

pub(super) fn text(measured: &BenchReport) -> String {
    let mut text = format!(
        "{}, median of {}\n\n",
        measured.shape,
        report::count_with_noun(measured.nights as u64, "night")
    );
    for (name, said) in totals(measured) {
        text.push_str(&format!("{name:<8}{said}\n"));
    }
    text.push('\n');
    let whole = measured.microseconds[0].1.max(1);
    let mut table = Table::new([
        Column::text("stage"),
        Column::number("ms"),
        Column::number("share"),
    ]);
    for (stage, time) in &measured.microseconds {
        table.add_row([
            Entry::from(*stage),
            Entry::from(format!("{:.1}", *time as f64 / 1e3).as_str()),
            Entry::from(format!("{:.0} %", *time as f64 * 100.0 / whole as f64).as_str()),
        ]);
    }
    for line in table.lines(Palette::Colour) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn totals(measured: &BenchReport) -> [(&'static str, String); 5] {
    let BenchReport {
        cells, rows, bytes, ..
    } = *measured;
    let each = |all: u64, of: u64| number::count(all / of.max(1));
    let counted = |count: u64, a_second: f64| {
        format!(
            "{}, {} a second",
            number::count(count),
            number::count(a_second as u64)
        )
    };
    let or_unknown =
        |said: Option<String>| said.unwrap_or_else(|| "not told by this system".to_owned());
    let writes = |writes| {
        format!(
            "{}, one for {} bytes",
            number::count(writes),
            each(bytes, writes)
        )
    };
    [
        ("cells", counted(cells, measured.cells_per_second)),
        ("rows", counted(rows, measured.rows_per_second)),
        (
            "bytes",
            format!("{}, {} a cell", megabytes(bytes), each(bytes, cells)),
        ),
        ("writes", or_unknown(measured.writes.map(writes))),
        (
            "memory",
            or_unknown(
                measured
                    .peak_memory
                    .map(|peak| format!("at most {}", megabytes(peak))),
            ),
        ),
    ]
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
