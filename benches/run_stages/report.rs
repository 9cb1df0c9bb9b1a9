//! Summarises the measured nights as text and JSON.

use plimsoll::report::{self, Column, Entry, Palette, Table, number};
use plimsoll::scenario::synthetic::Shape;
use serde::Serialize;

use super::measurement::NightMeasurement;

/// The result of all nights on one generated database.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct BenchReport {
    shape: String,
    nights: usize,
    /// The number of cells that a night completed.
    cells: u64,
    cells_per_second: f64,
    /// The number of output rows after a night, including those of securities.
    rows: u64,
    rows_per_second: f64,
    /// The growth of the file.
    bytes: u64,
    /// The number of write calls of a night; `None` if the system does not report it.
    writes: Option<u64>,
    /// The peak memory of the process up to the end of the first night, in bytes; `None` if the
    /// system does not report it.
    peak_memory: Option<u64>,
    /// The median of each stage. `committing` overlaps the other stages, and `floor` is measured
    /// after the night.
    microseconds: Vec<(&'static str, u64)>,
}

pub(crate) fn summarize(shape: Shape, nights: &[NightMeasurement]) -> BenchReport {
    let median = |at: usize| {
        let mut times: Vec<_> = nights.iter().map(|night| night.stages[at].1).collect();
        times.sort_unstable();
        times[times.len() / 2]
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

pub(crate) fn text(measured: &BenchReport) -> String {
    let mut text = format!(
        "{}, median of {}\n\n",
        measured.shape,
        report::count_with_noun(measured.nights as u64, "night")
    );
    for (name, value) in totals(measured) {
        text.push_str(&format!("{name:<8}{value}\n"));
    }
    text.push('\n');
    let total = measured.microseconds[0].1.max(1);
    let mut table = Table::new([
        Column::text("stage"),
        Column::number("ms"),
        Column::number("share"),
    ]);
    for (stage, time) in &measured.microseconds {
        table.add_row([
            Entry::from(*stage),
            Entry::from(format!("{:.1}", *time as f64 / 1e3).as_str()),
            Entry::from(format!("{:.0} %", *time as f64 * 100.0 / total as f64).as_str()),
        ]);
    }
    for line in table.lines(Palette::Plain) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn totals(measured: &BenchReport) -> [(&'static str, String); 5] {
    let BenchReport {
        cells, rows, bytes, ..
    } = *measured;
    let each = |total: u64, count: u64| number::count(total / count.max(1));
    let counted = |count: u64, per_second: f64| {
        format!(
            "{}, {} a second",
            number::count(count),
            number::count(per_second as u64)
        )
    };
    let or_unknown =
        |value: Option<String>| value.unwrap_or_else(|| "unknown on this system".to_owned());
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
