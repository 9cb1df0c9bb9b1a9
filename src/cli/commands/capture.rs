//! `plimsoll capture`: writes the state of a database as a world.

use std::path::PathBuf;

use clap::Args;

use super::foreign_source::ForeignSourceArgs;
use crate::capture::{CaptureExtent, CaptureTime, State, capture_books};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable::{self, Access};
use crate::environment::Environment;

#[cfg(not(feature = "postgres"))]
const EXAMPLES: &str = "\
Examples:
  plimsoll capture -o jan_8.toml
  plimsoll capture --from-sqlite app.db --map map.toml -o jan_8.toml
  plimsoll capture --from-sqlite app.db --map map.toml --json
  plimsoll capture --scrub -o report.toml
  plimsoll capture --from-csv portfolios=p.csv,snapshots=s.csv --map map.toml";

#[cfg(feature = "postgres")]
const EXAMPLES: &str = "\
Examples:
  plimsoll capture -o jan_8.toml
  plimsoll capture --from-sqlite app.db --map map.toml -o jan_8.toml
  plimsoll capture --from-sqlite app.db --map map.toml --json
  plimsoll capture --scrub -o report.toml
  plimsoll capture --from-csv portfolios=p.csv,snapshots=s.csv --map map.toml
  plimsoll capture --from-postgres postgres://me@host/app --map map.toml";

/// Writes the state of a database as a world: portfolios and their lifetimes, cells that are done,
/// invalidated, failed or blocked, and the ends of the last runs. The database is Plimsoll's own,
/// or another program's whose tables a map names. It is only read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CaptureArgs {
    /// File of the world; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    foreign: ForeignSourceArgs,

    /// Also write the exact sources of a Plimsoll database: securities, closes, transactions,
    /// splits and the risk model
    #[arg(long, conflicts_with_all = ["source", "shift_days"])]
    sources: bool,

    /// Replace names, ids and texts by pseudonyms, so that the file can be shared
    #[arg(long)]
    scrub: bool,

    /// Keep amounts, quantities and prices in a scrubbed file
    #[arg(long, requires = "scrub", requires = "sources")]
    amounts: bool,

    /// Shift all days by the sessions within N days; back if negative
    #[arg(
        long,
        value_name = "N",
        requires = "scrub",
        allow_negative_numbers = true
    )]
    shift_days: Option<i32>,
}

pub(super) fn execute(context: &Context, args: &CaptureArgs) -> Result<Exit, CliError> {
    if args.scrub && args.sources && !args.amounts {
        return Err(CliError::Usage(
            "--scrub removes amounts, quantities and prices, which --sources needs: add --amounts \
             to keep them"
                .to_owned(),
        ));
    }
    let state = match args.foreign.capture(context, time(context))? {
        None => capture_own(context, args)?,
        Some(state) => {
            if context.global.now.is_none() && !context.global.quiet {
                print_stderr(&newest_row_note(context, &state));
            }
            state
        }
    };
    let state = match args.scrub {
        true => state.scrubbed(),
        false => state,
    };
    let state = match args.shift_days {
        Some(days) => state.shifted(days)?,
        None => state,
    };
    let world = state.to_world_toml()?;
    if context.format() == Format::Json {
        print_json(&state.cells()?)?;
    }
    match &args.output {
        None if context.format() == Format::Json => {}
        None => print(&world)?,
        Some(path) => {
            durable::replace(path, world.as_bytes(), Access::Unchanged).map_err(|source| {
                CliError::File {
                    path: path.clone(),
                    source,
                }
            })?;
        }
    }
    Ok(Exit::Complete)
}

fn capture_own(context: &Context, args: &CaptureArgs) -> Result<State, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let settings = &context.settings(&store)?;
    let extent = match args.sources {
        true => CaptureExtent::WithSources,
        false => CaptureExtent::State,
    };
    Ok(capture_books(&store, settings, &environment, extent)?)
}

/// Another program's rows are looked at when the newest one was due, unless `--now` says otherwise:
/// by the system's clock an old export would lack every session since.
fn time(context: &Context) -> CaptureTime {
    let clock = Environment::system(context.global.now).clock.now();
    match context.global.now {
        Some(now) => CaptureTime::At(now),
        None => CaptureTime::NewestRow { clock },
    }
}

fn newest_row_note(context: &Context, state: &State) -> String {
    let zone = context.configuration.engine.calendar.zone();
    let now = state.now().with_timezone(&zone).to_rfc3339();
    format!("note: the time of the state is that of its newest row, {now}; --now sets another")
}
