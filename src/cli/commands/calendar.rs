//! `plimsoll calendar list|show|import|remove`.

use std::path::{Path, PathBuf};

use chrono::Datelike;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::error::ConfigurationError;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::calendar::Definition;
use crate::domain::{Day, DayRange, count_ids};
use crate::engine::{
    CalendarEffect, Registration, put_calendar_in_force, register_own_calendar, remove_own_calendar,
};
use crate::environment::Environment;
use crate::query::{self, KnownCalendar};
use crate::report::{self, Palette};
use crate::store::{Store, StoreError};

/// Lists calendars, shows the holidays of a year, or registers a calendar of your own, which
/// securities and portfolios can name. docs/calendars.md describes the format of a calendar file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll calendar list
  plimsoll calendar show XTSE --year 2027
  plimsoll calendar show                  the calendar of the database
  plimsoll calendar import lima.toml      securities and portfolios can name it
  plimsoll calendar import lima.toml --for-database
  plimsoll calendar remove lima")]
pub(crate) struct CalendarArgs {
    #[command(subcommand)]
    command: CalendarCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CalendarCommand {
    /// List the built-in calendars, and those of the database
    List,
    /// Show a calendar, and its holidays and early closes of a year
    Show {
        /// Name or exchange code; the calendar that the database uses by default
        name: Option<String>,
        /// Year of the days; this year by default
        #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1950..=2099))]
        year: Option<i32>,
    },
    /// Register the calendar of a file under its name, or replace the one of this name, and
    /// invalidate the cells that this changes
    Import {
        /// Calendar file in TOML
        file: PathBuf,
        /// Make it the calendar of the database, whose sessions all portfolios have by default
        #[arg(long)]
        for_database: bool,
    },
    /// Remove a calendar of your own that no security and no portfolio names
    Remove {
        /// Name of the calendar
        name: String,
    },
}

pub(super) fn execute(context: &Context, args: &CalendarArgs) -> Result<Exit, CliError> {
    match &args.command {
        CalendarCommand::List => list(context)?,
        CalendarCommand::Show { name, year } => show(context, name.as_deref(), *year)?,
        CalendarCommand::Import { file, for_database } => import(context, file, *for_database)?,
        CalendarCommand::Remove { name } => remove(context, name)?,
    }
    Ok(Exit::Complete)
}

/// Opens the database if there is one: the built-in calendars are known without.
fn existing_store(context: &Context) -> Result<Option<Store>, StoreError> {
    match context.store() {
        Ok(store) => Ok(Some(store)),
        Err(StoreError::Absent(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn list(context: &Context) -> Result<(), CliError> {
    let mut calendars = query::built_in_calendars();
    if let Some(store) = existing_store(context)? {
        let configured = context.settings(&store)?.calendar;
        calendars.extend(store.read(|reading| query::own_calendars(reading, &configured))?);
    }
    context.show(&calendars, || {
        report::calendars_text(&calendars, Palette::Colour)
    })
}

fn show(context: &Context, name: Option<&str>, year: Option<i32>) -> Result<(), CliError> {
    let (calendar, environment) = match name {
        None => {
            let app = context.app()?;
            (app.settings.calendar.into(), app.environment)
        }
        Some(name) => (
            find(context, name)?,
            Environment::system(context.global.now),
        ),
    };
    let today = calendar.calendar.today(environment.clock.now());
    let year = year.unwrap_or_else(|| today.to_date().year());
    let edge = |text: &str| format!("{year}-{text}").parse::<Day>();
    let days = DayRange::new(edge("01-01")?, edge("12-31")?)?;
    let shown = query::calendar_year(&calendar, year, days)
        .map_err(|error| CliError::Usage(error.to_string()))?;
    context.show(&shown, || report::calendar_text(&shown, Palette::Colour))
}

/// Returns the built-in calendar of a name, else that of the database, else one of the user's own.
fn find(context: &Context, name: &str) -> Result<KnownCalendar, CliError> {
    if let Some(known) = KnownCalendar::find(name, None)? {
        return Ok(known);
    }
    if let Some(store) = existing_store(context)? {
        let of_database = context.settings(&store)?.calendar;
        if of_database.name() == name {
            return Ok(of_database.into());
        }
        if let Some(own) = store.read(|reading| KnownCalendar::find(name, Some(reading)))? {
            return Ok(own);
        }
    }
    Err(CliError::Usage(format!(
        "unknown calendar `{name}`; `plimsoll calendar list` lists all calendars"
    )))
}

fn import(context: &Context, file: &Path, for_database: bool) -> Result<(), CliError> {
    let has_calendar = context.configuration.has_calendar;
    if for_database && has_calendar {
        return Err(CliError::Configuration {
            path: context.configuration.path.clone().unwrap_or_default(),
            source: ConfigurationError::Keys {
                key: "calendar",
                problem: "the configuration chooses the calendar, so that an imported one would \
                          not be used; set `file` there, or remove `name`, `file` and `amendments`",
            },
        });
    }
    let text = std::fs::read_to_string(file).map_err(|source| CliError::File {
        path: file.to_owned(),
        source,
    })?;
    let invalid = |source| CliError::Calendar {
        path: file.to_owned(),
        source,
    };
    let own = Definition::from_toml(&text).map_err(invalid)?;
    let calendar = own.calendar().map_err(invalid)?;
    let app = context.app()?;
    let mut writer = app.store.writer()?;
    let (settings, environment) = (&app.settings, &app.environment);
    // The database keeps its calendar by name, unless the configuration has another one.
    let is_of_database = !has_calendar && settings.calendar.name() == own.name();
    let imported = match for_database || is_of_database {
        true => {
            let effect =
                writer.write(|writing| put_calendar_in_force(writing, &calendar, environment));
            Imported::InForce(effect?)
        }
        false => {
            let registration = writer.write(|writing| {
                register_own_calendar(writing, &own, &settings.calendar, environment)
            });
            Imported::from(registration?)
        }
    };
    let name = own.name();
    context.show(&imported.json(name), || imported.text(name))
}

/// What an import did with a calendar.
enum Imported {
    /// It is that of the database.
    InForce(CalendarEffect),
    /// Securities and portfolios can name it.
    Added,
    /// They could before, and it had this content.
    Unchanged,
    /// They could before, and it had another content.
    Replaced(CalendarEffect),
}

impl From<Registration> for Imported {
    fn from(registration: Registration) -> Self {
        match registration {
            Registration::Added => Self::Added,
            Registration::Unchanged => Self::Unchanged,
            Registration::Replaced { days, removed } => Self::Replaced(CalendarEffect {
                days,
                invalidated: count_ids(&removed),
            }),
        }
    }
}

impl Imported {
    fn json(&self, name: &str) -> Value {
        let nothing = CalendarEffect::default();
        let (verdict, effect) = match self {
            Self::InForce(effect) => ("in-force", effect),
            Self::Replaced(effect) => ("replaced", effect),
            Self::Added => ("added", &nothing),
            Self::Unchanged => ("unchanged", &nothing),
        };
        json!({
            "name": name,
            "verdict": verdict,
            "changed-days": effect.days,
            "invalidated": effect.invalidated,
        })
    }

    fn text(&self, name: &str) -> String {
        let (verdict, effect) = match self {
            Self::InForce(effect) => ("in force", effect),
            Self::Replaced(effect) => ("replaced", effect),
            Self::Added => {
                return format!(
                    "calendar `{name}` is registered: `calendar` of securities and portfolios can \
                     name it"
                );
            }
            Self::Unchanged => {
                return format!("calendar `{name}` is registered already, with this content");
            }
        };
        match effect.invalidated {
            0 => format!("calendar `{name}` is {verdict}; no output changes"),
            outputs => format!(
                "calendar `{name}` is {verdict}; the next run computes {} again",
                report::count_with_noun(outputs, "output"),
            ),
        }
    }
}

fn remove(context: &Context, name: &str) -> Result<(), CliError> {
    let app = context.app()?;
    let calendar = &app.settings.calendar;
    (app.store.writer()?).write(|writing| remove_own_calendar(writing, name, calendar))?;
    context.show(&json!({ "name": name, "verdict": "removed" }), || {
        format!("calendar `{name}` removed")
    })
}
