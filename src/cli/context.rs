//! Holds the common basis of commands: global options, configuration, store and environment.

use std::path::PathBuf;

use chrono::{DateTime, FixedOffset, Utc};
use clap::Args;
use serde::Serialize;

use super::output::{Format, print, print_json, print_stderr};
use super::{configuration::Configuration, error::CliError};
use crate::app::AppContext;
use crate::engine::Settings;
use crate::environment::Environment;
use crate::query::{ConcernLimits, quoted_path};
use crate::store::{Store, StoreError};

/// The configuration that is read if `--config` names none and it exists.
const DEFAULT_CONFIGURATION: &str = "plimsoll.toml";

const GLOBAL_HEADING: &str = "Global options";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct GlobalArgs {
    /// Database file; overrides the configuration
    #[arg(long, global = true, help_heading = GLOBAL_HEADING, value_name = "FILE", env = "PLIMSOLL_DB")]
    pub(super) db: Option<PathBuf>,

    /// Configuration file; ./plimsoll.toml by default, if it exists
    #[arg(long, global = true, help_heading = GLOBAL_HEADING, value_name = "FILE", env = "PLIMSOLL_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// Print JSON instead of text
    #[arg(long, global = true, help_heading = GLOBAL_HEADING)]
    pub(super) json: bool,

    /// Use this time instead of the system clock's, such as 2026-01-08T18:00:00-05:00
    #[arg(long, global = true, help_heading = GLOBAL_HEADING, value_name = "INSTANT", value_parser = instant)]
    pub(super) now: Option<DateTime<Utc>>,

    /// Log more to standard error: -v info, -vv debug, -vvv trace
    #[arg(short, long, global = true, help_heading = GLOBAL_HEADING, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,

    /// Print only errors to standard error
    #[arg(short, long, global = true, help_heading = GLOBAL_HEADING, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

/// The options and the configuration that a command runs with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(super) global: GlobalArgs,
    /// The configuration as read, with the database replaced by `--db`.
    pub(super) configuration: Configuration,
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
    /// Reads the configuration and prints its warnings.
    pub(super) fn new(global: GlobalArgs) -> Result<Self, CliError> {
        let default_path = PathBuf::from(DEFAULT_CONFIGURATION);
        let mut configuration = match &global.config {
            Some(path) => Configuration::read(path)?,
            None if default_path.exists() => Configuration::read(&default_path)?,
            None => Configuration::defaults(),
        };
        if !global.quiet {
            let path = configuration.path.clone().unwrap_or_default();
            for warning in &configuration.warnings {
                print_stderr(&format!("warning: `{}`: {warning}", path.display()));
            }
        }
        if let Some(path) = &global.db {
            configuration.database.clone_from(path);
        }
        Ok(Self {
            global,
            configuration,
        })
    }

    /// Returns the start of command lines that use the same database and configuration, such as
    /// `plimsoll --db books.db`.
    pub(super) fn program(&self) -> String {
        let mut line = "plimsoll".to_owned();
        let options = [("--db", &self.global.db), ("--config", &self.global.config)];
        for (option, path) in options {
            if let Some(path) = path {
                line += &format!(" {option} {}", quoted_path(path));
            }
        }
        line
    }

    /// Returns the configured limits up to which a state is no concern.
    pub(super) fn limits(&self) -> ConcernLimits {
        let configuration = &self.configuration;
        configuration
            .alerts
            .limits(&configuration.engine.price_wait)
    }

    pub(super) fn format(&self) -> Format {
        if self.global.json {
            Format::Json
        } else {
            Format::Text
        }
    }

    /// Prints a result: `json` for programs, or `text` for people.
    pub(super) fn show(
        &self,
        json: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        match self.format() {
            Format::Json => print_json(json),
            Format::Text => print(&text()),
        }
    }

    /// Opens the existing database, and migrates an old one.
    pub(super) fn store(&self) -> Result<Store, StoreError> {
        Store::open(&self.configuration.database)
    }

    /// Opens the database, with the settings and the environment to work with.
    pub(super) fn app(&self) -> Result<AppContext, CliError> {
        let store = self.store()?;
        let environment = self.environment(&store)?;
        self.app_on(store, environment)
    }

    /// Returns the same with this database and environment.
    ///
    /// # Errors
    ///
    /// The calendar of the database cannot be read.
    pub(super) fn app_on(
        &self,
        store: Store,
        environment: Environment,
    ) -> Result<AppContext, CliError> {
        let configuration = &self.configuration;
        Ok(AppContext {
            settings: self.settings(&store)?,
            store,
            environment,
            policy: configuration.policy,
            jobs: configuration.jobs,
            inbox: configuration.inbox.clone(),
            price_feed: configuration.price_feed.clone(),
            profiles: configuration.profiles()?,
            limits: self.limits(),
        })
    }

    /// Returns the engine settings for a database. Without a configured calendar, that of the
    /// database applies.
    ///
    /// # Errors
    ///
    /// The calendar of the database cannot be read.
    pub(super) fn settings(&self, store: &Store) -> Result<Settings, StoreError> {
        let mut settings = self.configuration.engine.clone();
        if !self.configuration.has_calendar
            && let Some(calendar) = store.read(|reading| reading.calendar().in_force())?
        {
            settings.calendar = calendar;
        }
        Ok(settings)
    }

    /// Returns the same, with the configured calendar if that of the database is damaged: the damage
    /// is a finding of a verification, which goes on.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub(super) fn settings_beside_damage(&self, store: &Store) -> Result<Settings, StoreError> {
        match self.settings(store) {
            Err(error) if error.is_damaged() => Ok(self.configuration.engine.clone()),
            settings => settings,
        }
    }

    /// Returns the time, ids and process identity to work with. A database that was made from a
    /// world keeps that world's time, unless `--now` sets another.
    pub(super) fn environment(&self, store: &Store) -> Result<Environment, CliError> {
        let fixed_time = match self.global.now {
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
        Ok(Environment::system(fixed_time))
    }
}
