//! The arguments of the bench, and the order of its work.

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use plimsoll::domain::{Phase, PhaseSet};
use plimsoll::engine::Settings;
use plimsoll::scenario::synthetic::{InitialCoverage, Shape, create_database};

use super::measurement::BenchSetup;
use super::report::{summarize, text};

pub(crate) type BenchError = Box<dyn std::error::Error>;

/// Generates books of a given size, runs nightly runs on them, and prints the median time of each
/// stage. Each night starts on a new copy that is synced to disk. The row `floor` is the time that a
/// writer alone takes for the same rows.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  cargo bench --bench run_stages -- --portfolios 1000 --sessions 250
  cargo bench --bench run_stages -- --portfolios 1000000 --sessions 60 --coverage everything
  cargo bench --bench run_stages -- --portfolios 13 --sessions 250 --make books.db")]
pub(crate) struct BenchArgs {
    /// Number of portfolios to generate
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    portfolios: u32,

    /// Number of sessions of each portfolio
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    sessions: u16,

    /// Number of securities that each portfolio holds, out of 500
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100))]
    holdings: u32,

    /// Cells that are done before the first night
    #[arg(long, value_enum, default_value_t = CoverageArg::Nothing)]
    coverage: CoverageArg,

    /// Compute snapshots and positions only, without exposures and risk
    #[arg(long)]
    books: bool,

    /// Number of nights to measure
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    nights: u16,

    /// Number of compute threads; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Write the database to this new file, and run nothing
    #[arg(long, value_name = "FILE")]
    make: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Cargo passes it to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageArg {
    /// No cell of any portfolio
    Nothing,
    /// All cells of all portfolios
    Everything,
    /// All but one cell in a thousand; portfolios have no transactions
    Holes,
    /// All cells of all portfolios but the last
    AllButOne,
}

impl From<CoverageArg> for InitialCoverage {
    fn from(coverage: CoverageArg) -> Self {
        match coverage {
            CoverageArg::Nothing => Self::None,
            CoverageArg::Everything => Self::Full,
            CoverageArg::Holes => Self::WithHoles,
            CoverageArg::AllButOne => Self::AllButLast,
        }
    }
}

/// Carries out the arguments and writes the result.
///
/// # Errors
///
/// The books are too large for the calendar, `--make` names an existing file, or the disk fails.
pub(crate) fn execute(args: &BenchArgs, output: &mut impl Write) -> Result<(), BenchError> {
    let coverage = args.coverage.into();
    let settings = Settings::new_york();
    let shape = Shape {
        portfolios: args.portfolios,
        sessions: usize::from(args.sessions),
        holdings: args.holdings,
    };
    if let Some(path) = &args.make {
        create_database(path.as_path(), &settings, shape, coverage)?;
        writeln!(output, "{} holds {shape}", path.display())?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("base.db");
    drop(create_database(base.as_path(), &settings, shape, coverage)?);
    let setup = BenchSetup {
        base: &base,
        folder: folder.path(),
        settings: &settings,
        jobs: args.jobs,
        phases: if args.books {
            [Phase::Snapshot, Phase::Positions].into_iter().collect()
        } else {
            PhaseSet::CELL_PHASES
        },
    };
    let nights = (0..args.nights).map(|_| setup.measure());
    let nights = nights.collect::<Result<Vec<_>, _>>()?;
    let measured = summarize(shape, &nights);
    if args.json {
        writeln!(output, "{}", serde_json::to_string_pretty(&measured)?)?;
    } else {
        write!(output, "{}", text(&measured))?;
    }
    Ok(())
}
