//! What every command starts from: the configuration, the store, the time.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, Utc};
use clap::Args;

use super::output::{Format, print_stderr};
use super::{CliError, Configuration};
use crate::environment::Environment;
use crate::store::{Store, StoreError};

/// The configuration that is read where `--config` names none.
const DEFAULT_CONFIGURATION: &str = "plimsoll.toml";

/// Above the options of every command in a command's help.
const GLOBAL_HEADING: &str = "Everywhere";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// The database; overrides the configuration
    #[arg(long, global = true, help_heading = GLOBAL_HEADING, value_name = "FILE", env = "PLIMSOLL_DB")]
    pub db: Option<PathBuf>,

    /// The configuration; ./plimsoll.toml where it exists
    #[arg(long, global = true, help_heading = GLOBAL_HEADING, value_name = "FILE", env = "PLIMSOLL_CONFIG")]
    pub config: Option<PathBuf>,

    /// Print JSON for programs instead of text
    #[arg(long, global = true, help_heading = GLOBAL_HEADING)]
    pub json: bool,

    /// What time it is, such as 2026-01-08T18:00:00-05:00, instead of the system's clock
    #[arg(long, global = true, help_heading = GLOBAL_HEADING, value_name = "INSTANT", value_parser = instant)]
    pub now: Option<DateTime<Utc>>,

    /// Say more on standard error; twice for everything
    #[arg(short, long, global = true, help_heading = GLOBAL_HEADING, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, help_heading = GLOBAL_HEADING, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    /// What was typed.
    pub global: GlobalArgs,
    /// What is configured.
    pub configuration: Configuration,
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::<FixedOffset>::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|error| {
            format!(
                "{error}; expected an instant with its offset, such as 2026-01-08T18:00:00-05:00"
            )
        })
}

impl Context {
    /// Reads the configuration.
    pub fn new(global: GlobalArgs) -> Result<Self, CliError> {
        let usual = PathBuf::from(DEFAULT_CONFIGURATION);
        let mut configuration = match &global.config {
            Some(path) => Configuration::read(path)?,
            None if usual.exists() => Configuration::read(&usual)?,
            None => Configuration::defaults(),
        };
        if let Some(path) = &global.db {
            configuration.database.clone_from(path);
        }
        Ok(Self {
            global,
            configuration,
        })
    }

    /// What the command prints.
    pub fn format(&self) -> Format {
        if self.global.json {
            Format::Json
        } else {
            Format::Text
        }
    }

    /// Opens the database.
    pub fn store(&self) -> Result<Store, StoreError> {
        Store::open(&self.configuration.database)
    }

    /// The time, ids and process to work with. A database that was made from a world stands at
    /// that world's time, unless `--now` says otherwise.
    pub fn environment(&self, store: &Store) -> Result<Environment, CliError> {
        let held = match self.global.now {
            Some(now) => Some(now),
            None => {
                let world = store.read(|reading| reading.world())?;
                if let Some(world) = &world
                    && !self.global.quiet
                    && self.format() == Format::Text
                {
                    print_stderr(&format!(
                        "note: this database was made from the world `{}`; its time is {} (--now sets another)",
                        world.name,
                        world.now.format("%Y-%m-%d %H:%M UTC"),
                    ));
                }
                world.map(|world| world.now)
            }
        };
        Ok(Environment::system(held))
    }
}
