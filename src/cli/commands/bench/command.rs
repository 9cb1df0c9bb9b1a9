//! What is asked for, and in which order it is done.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::measurement::BenchSetup;
use super::report::{summarize, text};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{CliError, Context, Exit};
use crate::domain::{Phase, PhaseSet};
use crate::scenario::synthetic::{InitialCoverage, Shape, create_database};

/// Makes books of a given size from a seed, lets the nightly run do them, and tells where the time
/// went: the median of some nights, each on a copy of its own that is on disk before it begins. The
/// floor beside it is what the same rows cost a writer that does nothing else.
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
    #[arg(long, alias = "past", value_enum, default_value_t = CoverageArg::Nothing)]
    coverage: CoverageArg,

    /// Books and holdings alone, without weights and risk
    #[arg(long)]
    books: bool,

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
pub(crate) enum CoverageArg {
    /// Nothing.
    Nothing,
    /// Everything, for everybody.
    Everything,
    /// Everything but for one cell in a thousand; nobody has transactions.
    Holes,
    /// Everything but for the last portfolio.
    AllButOne,
}

impl From<CoverageArg> for InitialCoverage {
    fn from(past: CoverageArg) -> Self {
        match past {
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
    let settings = &context.configuration.engine;
    let shape = Shape {
        portfolios: args.portfolios,
        sessions: usize::from(args.sessions),
        holdings: args.holdings,
    };
    if let Some(path) = &args.make {
        create_database(path.as_path(), settings, shape, args.coverage.into())?;
        print_stderr(&format!("{} holds {shape}", path.display()));
        return Ok(Exit::Complete);
    }
    let folder = tempfile::tempdir()?;
    let base = folder.path().join("base.db");
    drop(create_database(
        base.as_path(),
        settings,
        shape,
        args.coverage.into(),
    )?);
    let one = BenchSetup {
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
    let nights = (0..args.nights).map(|_| one.measure());
    let nights = nights.collect::<Result<Vec<_>, _>>()?;
    let measured = summarize(shape, &nights);
    match context.format() {
        Format::Json => print_json(&measured)?,
        Format::Text => print(&text(&measured))?,
    }
    Ok(Exit::Complete)
}
