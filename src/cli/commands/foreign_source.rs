//! Options that name the tables of another program: a SQLite file, CSV exports or a PostgreSQL
//! database, with the map that says which columns hold what.

use std::path::{Path, PathBuf};

use clap::Args;

#[cfg(feature = "postgres")]
use crate::capture::capture_postgres;
use crate::capture::{
    CaptureError, CaptureTime, Exports, Map, State, capture_exports, capture_sqlite,
};
use crate::cli::{context::Context, error::CliError};
#[cfg(feature = "postgres")]
use crate::store::{LibpqVariables, PostgresUrl};

/// The tables of another program.
#[derive(Debug, Args)]
pub(super) struct ForeignSourceArgs {
    /// Read another program's SQLite file instead of the database
    #[arg(long, value_name = "FILE", requires = "map", group = "source")]
    from_sqlite: Option<PathBuf>,

    /// Read CSV exports: portfolios=FILE, snapshots=FILE and other roles of the map
    #[arg(long, value_name = "ROLE=FILE,…", requires = "map", group = "source", value_delimiter = ',', value_parser = parse_export)]
    from_csv: Vec<(String, PathBuf)>,

    /// Read a live PostgreSQL database: postgres://USER@HOST:5432/DATABASE, or the value of
    /// PLIMSOLL_POSTGRES, which hides a password from lists of processes
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
}

fn parse_export(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((role, path)) if !role.is_empty() && !path.is_empty() => {
            Ok((role.to_owned(), path.into()))
        }
        _ => Err("expected ROLE=FILE, as in portfolios=p.csv".to_owned()),
    }
}

impl ForeignSourceArgs {
    /// Reads the state of the named source at a time; `None` if no source is named.
    pub(super) fn capture(
        &self,
        context: &Context,
        time: CaptureTime,
    ) -> Result<Option<State>, CliError> {
        #[cfg(not(feature = "postgres"))]
        if self.from_postgres.is_some() {
            return Err(CliError::Usage(
                "this program was built without PostgreSQL: build it with default features, or \
                 export the tables and use --from-csv"
                    .to_owned(),
            ));
        }
        let Some(map) = &self.map else {
            return Ok(None);
        };
        let map = Map::parse(&read(map)?).map_err(CaptureError::from)?;
        let settings = &context.configuration.engine;
        #[cfg(feature = "postgres")]
        if let Some(given) = &self.from_postgres {
            let url = given.as_ref().or(self.postgres_url.as_ref());
            let url = url.ok_or_else(|| {
                CliError::Usage(
                    "--from-postgres needs a URL, as its value or in PLIMSOLL_POSTGRES".to_owned(),
                )
            })?;
            #[expect(clippy::disallowed_methods, reason = "read once, by the command line")]
            let variables = LibpqVariables::read(|name| std::env::var(name).ok());
            let state = capture_postgres(url, &variables, &map, settings, time)?;
            return Ok(Some(state));
        }
        let state = match &self.from_sqlite {
            Some(path) => capture_sqlite(path, &map, settings, time)?,
            None => {
                let exports: Exports = self.from_csv.iter().cloned().collect();
                capture_exports(&exports, &map, settings, time)?
            }
        };
        Ok(Some(state))
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })
}
