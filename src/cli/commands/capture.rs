//! `plimsoll capture`: writes the state of a database as a world.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::capture::{
    CaptureError, CaptureExtent, Exports, Map, State, capture_books, capture_exports,
    capture_sqlite,
};
#[cfg(feature = "postgres")]
use crate::capture::{LibpqVariables, PostgresUrl, capture_postgres};
use crate::cli::output::print;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable::{self, Access};
use crate::environment::Environment;

#[cfg(not(feature = "postgres"))]
const EXAMPLES: &str = "\
Examples:
  plimsoll capture -o jan_8.toml
  plimsoll capture --from-sqlite app.db --map map.toml -o jan_8.toml
  plimsoll capture --scrub -o report.toml
  plimsoll capture --from-csv portfolios=p.csv,snapshots=s.csv --map map.toml";

#[cfg(feature = "postgres")]
const EXAMPLES: &str = "\
Examples:
  plimsoll capture -o jan_8.toml
  plimsoll capture --from-sqlite app.db --map map.toml -o jan_8.toml
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

    /// Capture another program's SQLite file instead of the database
    #[arg(long, value_name = "FILE", requires = "map", group = "source")]
    from_sqlite: Option<PathBuf>,

    /// Capture CSV exports: portfolios=FILE, snapshots=FILE and other roles of the map
    #[arg(long, value_name = "ROLE=FILE,…", requires = "map", group = "source", value_delimiter = ',', value_parser = parse_export)]
    from_csv: Vec<(String, PathBuf)>,

    /// Capture a live PostgreSQL database: postgres://USER:PASSWORD@HOST:5432/DATABASE, or the
    /// value of PLIMSOLL_POSTGRES, which hides the password from lists of processes
    #[cfg(feature = "postgres")]
    #[arg(long, value_name = "URL", requires = "map", group = "source")]
    from_postgres: Option<Option<PostgresUrl>>,

    // Known in every build, so that the error can name the missing feature.
    #[cfg(not(feature = "postgres"))]
    #[arg(long, hide = true, value_name = "URL", group = "source")]
    from_postgres: Option<Option<String>>,

    // A separate argument: a variable that is set must not select the source.
    #[cfg(feature = "postgres")]
    #[arg(
        long,
        hide = true,
        env = "PLIMSOLL_POSTGRES",
        hide_env_values = true,
        value_name = "URL"
    )]
    postgres_url: Option<PostgresUrl>,

    /// TOML file that maps the other program's tables
    #[arg(long, value_name = "FILE", requires = "source")]
    map: Option<PathBuf>,

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

fn parse_export(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((role, path)) if !role.is_empty() && !path.is_empty() => {
            Ok((role.to_owned(), path.into()))
        }
        _ => Err("expected ROLE=FILE, as in portfolios=p.csv".to_owned()),
    }
}

pub(super) fn execute(context: &Context, args: &CaptureArgs) -> Result<Exit, CliError> {
    #[cfg(not(feature = "postgres"))]
    if args.from_postgres.is_some() {
        return Err(CliError::Usage(
            "this program was built without PostgreSQL: build it with default features, or \
             export the tables and use --from-csv"
                .to_owned(),
        ));
    }
    if args.scrub && args.sources && !args.amounts {
        return Err(CliError::Usage(
            "--scrub removes amounts, quantities and prices, which --sources needs: add --amounts \
             to keep them"
                .to_owned(),
        ));
    }
    let state = match &args.map {
        None => capture_own(context, args)?,
        Some(map) => capture_mapped(context, args, &read(map)?)?,
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
    match &args.output {
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

fn capture_mapped(context: &Context, args: &CaptureArgs, map: &str) -> Result<State, CliError> {
    let map = Map::parse(map).map_err(CaptureError::from)?;
    let settings = &context.configuration.engine;
    let now = Environment::system(context.global.now).clock.now();
    #[cfg(feature = "postgres")]
    if let Some(given) = &args.from_postgres {
        let url = given.as_ref().or(args.postgres_url.as_ref());
        let url = url.ok_or_else(|| {
            CliError::Usage(
                "--from-postgres needs a URL, as its value or in PLIMSOLL_POSTGRES".to_owned(),
            )
        })?;
        let variables = LibpqVariables::read(|name| std::env::var(name).ok());
        return Ok(capture_postgres(url, &variables, &map, settings, now)?);
    }
    Ok(match &args.from_sqlite {
        Some(path) => capture_sqlite(path, &map, settings, now)?,
        None => {
            let exports: Exports = args.from_csv.iter().cloned().collect();
            capture_exports(&exports, &map, settings, now)?
        }
    })
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })
}
