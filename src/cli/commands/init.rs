//! `plimsoll init`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::configuration::COMMENTED;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable;
use crate::store::{Store, StoreError};

/// Creates an empty database, and a commented plimsoll.toml in this folder if there is none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll init                    plimsoll.db and plimsoll.toml in this folder
  plimsoll --db books.db init      books.db instead of plimsoll.db
  plimsoll init --print-config     print the configuration only")]
pub(crate) struct InitArgs {
    /// Print the commented configuration, and create nothing
    #[arg(long)]
    print_config: bool,
}

pub(super) fn execute(context: &Context, args: &InitArgs) -> Result<Exit, CliError> {
    if args.print_config {
        print(COMMENTED)?;
        return Ok(Exit::Complete);
    }
    let database = &context.configuration.database;
    if database.exists() {
        return Err(StoreError::Present(database.clone()).into());
    }
    // The configuration first: an interrupted `init` can be repeated until the database exists.
    let written = write_configuration(context)?;
    let store = match (Store::create(database), &written) {
        // Another `init` was faster: both wrote the file, and its database needs it.
        (Err(error @ StoreError::Present(_)), _) => return Err(error.into()),
        (Err(error), Some(path)) => {
            // It names a database that does not exist.
            let _ = std::fs::remove_file(path);
            return Err(error.into());
        }
        (created, _) => created?,
    };
    match context.format() {
        Format::Json => print_json(&serde_json::json!({
            "database": store.path(),
            "configuration": written,
        }))?,
        Format::Text => {
            let mut text = format!("database       {}  created\n", store.path().display());
            text += &match &written {
                Some(path) => format!("configuration  {}  created\n", path.display()),
                None => "configuration  unchanged\n".to_owned(),
            };
            text += "\nNext: plimsoll import portfolios FILE, then securities, transactions, prices;\n      then plimsoll plan and plimsoll run.\n";
            print(&text)?;
        }
    }
    Ok(Exit::Complete)
}

/// Writes plimsoll.toml, unless one exists or another configuration was named.
fn write_configuration(context: &Context) -> Result<Option<PathBuf>, CliError> {
    let path = Path::new("plimsoll.toml");
    if context.configuration.path.is_some() || path.exists() {
        return Ok(None);
    }
    let text = COMMENTED.replace(
        "database = \"plimsoll.db\"",
        &format!(
            "database = {}",
            toml::Value::from(context.configuration.database.display().to_string())
        ),
    );
    durable::create(path, text.as_bytes()).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(path.to_owned()))
}
