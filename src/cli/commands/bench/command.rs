//! The arguments of `plimsoll bench`, and the order of its work.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::measurement::BenchSetup;
use super::report::{summarize, text};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{CliError, Context, Exit};
use crate::domain::{Phase, PhaseSet};
use crate::scenario::synthetic::{InitialCoverage, Shape, create_database};

/// Generates books of a given size, runs nightly runs on them, and prints the median time of each
/// stage. Each night starts on a new copy that is synced to disk. The row `floor` is the time that a
/// writer alone takes for the same rows.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll bench --portfolios 1000 --sessions 250
  plimsoll bench --portfolios 1000000 --sessions 60 --coverage everything
  plimsoll bench --portfolios 13 --sessions 250 --make books.db")]
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

    /// The old name of `--coverage`. It works for one version.
    #[arg(long, hide = true, value_enum, conflicts_with = "coverage")]
    past: Option<CoverageArg>,

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

pub(in crate::cli::commands) fn execute(
    context: &Context,
    args: &BenchArgs,
) -> Result<Exit, CliError> {
    if args.past.is_some() {
        print_stderr("warning: `--past` is now `--coverage`");
    }
    let coverage = args.past.unwrap_or(args.coverage);
    let settings = &context.configuration.engine;
    let shape = Shape {
        portfolios: args.portfolios,
        sessions: usize::from(args.sessions),
        holdings: args.holdings,
    };
    if let Some(path) = &args.make {
        create_database(path.as_path(), settings, shape, coverage.into())?;
        print_stderr(&format!("{} holds {shape}", path.display()));
        return Ok(Exit::Complete);
    }
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("base.db");
    drop(create_database(
        base.as_path(),
        settings,
        shape,
        coverage.into(),
    )?);
    let setup = BenchSetup {
        base: &base,
        folder: folder.path(),
        settings,
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
    match context.format() {
        Format::Json => print_json(&measured)?,
        Format::Text => print(&text(&measured))?,
    }
    Ok(Exit::Complete)
}
