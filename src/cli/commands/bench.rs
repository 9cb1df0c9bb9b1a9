//! `plimsoll bench`: what a night costs on books of a given size. Hidden from the short help.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::output::{Format, print, print_json, say};
use crate::cli::{CliError, Context, Exit};
use crate::domain::{Phase, Scope};
use crate::engine::{self, RunRequest, Settings, Watch};
use crate::environment::Environment;
use crate::inquiry::EVERYBODY;
use crate::plan::Request;
use crate::report::{self, Column, Entry, Palette, Table, number};
use crate::scenario::synthetic::{Past, Shape, now, store_books};
use crate::store::{Reading, Store, StoreError};

/// Makes books of a given size from a seed, lets the nightly run do them, and tells where the time
/// went: the median of some nights, each on a copy of its own that is on disk before it begins.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll bench --portfolios 1000 --sessions 250
  plimsoll bench --portfolios 1000000 --sessions 60 --past everything
  plimsoll bench --portfolios 13 --sessions 250 --make books.db   the database alone")]
pub struct BenchArgs {
    /// How many portfolios
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    portfolios: u32,

    /// Over how many sessions
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    sessions: u16,

    /// How many securities each holds, of 500
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100))]
    holdings: u32,

    /// What of it is done already
    #[arg(long, value_enum, default_value_t = PastArg::Nothing)]
    past: PastArg,

    /// How many nights
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    nights: u16,

    /// How many threads compute; all processors where not given
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Make the database in this file, which must be new, and run nothing
    #[arg(long, value_name = "FILE")]
    make: Option<PathBuf>,
}

/// What is done already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PastArg {
    /// Nothing.
    Nothing,
    /// Everything, for everybody.
    Everything,
    /// Everything but for one cell in a thousand; nobody has transactions.
    Holes,
    /// Everything but for the last portfolio.
    AllButOne,
}

impl From<PastArg> for Past {
    fn from(past: PastArg) -> Self {
        match past {
            PastArg::Nothing => Self::Nothing,
            PastArg::Everything => Self::Everything,
            PastArg::Holes => Self::Holes,
            PastArg::AllButOne => Self::AllButOne,
        }
    }
}

/// What nights of one size came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Measured {
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
    /// The most memory that the process held, in bytes, where the system tells.
    peak_memory: Option<u64>,
    /// Medians, in microseconds; `committing` goes on beside the others.
    microseconds: Vec<(&'static str, u64)>,
}

pub(super) fn execute(context: &Context, args: &BenchArgs) -> Result<Exit, CliError> {
    let settings = &context.configuration.engine;
    let shape = Shape {
        portfolios: args.portfolios,
        sessions: usize::from(args.sessions),
        holdings: args.holdings,
    };
    if let Some(path) = &args.make {
        store_books(path.as_path(), settings, shape, args.past.into())?;
        say(&format!("{} holds {shape}", path.display()));
        return Ok(Exit::Complete);
    }
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("base.db");
    drop(store_books(
        base.as_path(),
        settings,
        shape,
        args.past.into(),
    )?);
    let mut nights = Vec::new();
    for _ in 0..args.nights {
        nights.push(night(&base, folder.path(), settings, args.jobs)?);
    }
    let measured = measured(shape, &nights);
    match context.format() {
        Format::Json => print_json(&measured)?,
        Format::Text => print(&text(&measured))?,
    }
    Ok(Exit::Complete)
}

/// One night.
struct Night {
    stages: Vec<(&'static str, Duration)>,
    cells: u64,
    rows: u64,
    bytes: u64,
    writes: Option<u64>,
}

fn night(
    base: &Path,
    folder: &Path,
    settings: &Settings,
    jobs: Option<NonZeroUsize>,
) -> Result<Night, CliError> {
    let path = folder.join("night.db");
    std::fs::copy(base, &path)?;
    File::options().write(true).open(&path)?.sync_all()?;
    let before = path.metadata()?.len();
    let store = Store::open(path.as_path())?;
    let asked = RunRequest {
        request: Request::of(Scope::AllActive),
        scope_name: EVERYBODY.to_owned(),
        force: None,
        expected_plan: None,
        max_cells: None,
        jobs,
    };
    let watch = Watch {
        cancel: &AtomicBool::new(false),
        progress: &|_| {},
        reached: &|_| {},
    };
    let environment = Environment::system(Some(now()));
    let writes = writes_so_far();
    let outcome = engine::run(&store, &asked, settings, &environment, &watch)?;
    store.writer()?.empty_log()?;
    let writes = writes_so_far()
        .zip(writes)
        .map(|(after, before)| after - before);
    let rows = store.read(rows)?;
    let times = &outcome.times;
    let night = Night {
        stages: vec![
            ("whole", times.whole),
            ("planning", times.planning),
            ("loading", times.loading),
            ("securities", times.phases.securities),
            ("books", times.phases.books),
            ("exposures", times.phases.exposures),
            ("risk", times.phases.risk),
            ("committing", times.committing),
        ],
        cells: outcome.progress.done,
        rows,
        writes,
        bytes: path.metadata()?.len().saturating_sub(before),
    };
    drop(store);
    for ending in ["", "-wal", "-shm"] {
        // The log goes with the last connection.
        let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
    }
    Ok(night)
}

/// How many rows of outputs there are.
fn rows(reading: &Reading<'_>) -> Result<u64, StoreError> {
    let mut rows = 0;
    for day in reading.days_on_file()? {
        for phase in Phase::ALL {
            rows += reading.rows_on(day, phase)?.len();
        }
    }
    Ok(rows)
}

fn measured(shape: Shape, nights: &[Night]) -> Measured {
    let median = |at: usize| {
        let mut all: Vec<_> = nights.iter().map(|night| night.stages[at].1).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    let names = nights[0].stages.iter().map(|(name, _)| *name);
    let times = names
        .enumerate()
        .map(|(at, name)| (name, median(at).as_micros() as u64));
    let Night {
        cells,
        rows,
        bytes,
        writes,
        ..
    } = nights[0];
    let seconds = median(0).as_secs_f64();
    Measured {
        shape: shape.to_string(),
        nights: nights.len(),
        cells,
        cells_per_second: cells as f64 / seconds,
        rows,
        rows_per_second: rows as f64 / seconds,
        bytes,
        writes,
        peak_memory: peak_memory(),
        microseconds: times.collect(),
    }
}

/// What the system tells of the most that this process held.
fn peak_memory() -> Option<u64> {
    Some(told("/proc/self/status", "VmHWM:")? * 1024)
}

/// How often this process wrote, as the system tells.
fn writes_so_far() -> Option<u64> {
    told("/proc/self/io", "syscw:")
}

/// A number that the system tells of this process, in the line that begins so.
fn told(file: &str, beginning: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(beginning))?;
    line.split_whitespace().next()?.parse().ok()
}

fn text(measured: &Measured) -> String {
    let mut text = format!(
        "{}, median of {}\n\n",
        measured.shape,
        report::counted(measured.nights as u64, "night")
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
        table.row([
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

fn totals(measured: &Measured) -> [(&'static str, String); 5] {
    let Measured {
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
