//! `plimsoll calendar list|show|import`.

use std::path::{Path, PathBuf};

use chrono::Datelike;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::error::ConfigurationError;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Calendar, Day, DayRange};
use crate::engine::put_calendar_in_force;
use crate::environment::Environment;
use crate::query;
use crate::report::{self, Palette};

/// Lists the built-in calendars, shows the holidays of a year, or puts a calendar of your own in
/// force. docs/calendars.md describes the format of a calendar file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll calendar list
  plimsoll calendar show XTSE --year 2027
  plimsoll calendar show              the calendar of the database
  plimsoll calendar import lima.toml")]
pub(crate) struct CalendarArgs {
    #[command(subcommand)]
    command: CalendarCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CalendarCommand {
    /// List the built-in calendars
    List,
    /// Show a calendar, and its holidays and early closes of a year
    Show {
        /// Name or exchange code; the calendar that the database uses by default
        name: Option<String>,
        /// Year of the days; this year by default
        #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i32).range(1950..=2099))]
        year: Option<i32>,
    },
    /// Put the calendar of a file in force, and invalidate the cells that it changes
    Import {
        /// Calendar file in TOML
        file: PathBuf,
    },
}

pub(super) fn execute(context: &Context, args: &CalendarArgs) -> Result<Exit, CliError> {
    match &args.command {
        CalendarCommand::List => {
            let calendars = query::built_in_calendars();
            context.show(&calendars, || {
                report::calendars_text(&calendars, Palette::Colour)
            })?;
        }
        CalendarCommand::Show { name, year } => show(context, name.as_deref(), *year)?,
        CalendarCommand::Import { file } => import(context, file)?,
    }
    Ok(Exit::Complete)
}

fn show(context: &Context, name: Option<&str>, year: Option<i32>) -> Result<(), CliError> {
    let (calendar, environment) = match name {
        None => {
            let app = context.app()?;
            (app.settings.calendar, app.environment)
        }
        Some(name) => {
            let known = Calendar::built_in(name).ok_or_else(|| {
                CliError::Usage(format!(
                    "unknown calendar `{name}`; `plimsoll calendar list` lists the built-in ones"
                ))
            })?;
            (known, Environment::system(context.global.now))
        }
    };
    let today = calendar.today(environment.clock.now());
    let year = year.unwrap_or_else(|| today.to_date().year());
    let edge = |text: &str| format!("{year}-{text}").parse::<Day>();
    let days = DayRange::new(edge("01-01")?, edge("12-31")?)?;
    let shown = query::calendar_year(&calendar, year, days)
        .map_err(|error| CliError::Usage(error.to_string()))?;
    context.show(&shown, || report::calendar_text(&shown, Palette::Colour))
}

fn import(context: &Context, file: &Path) -> Result<(), CliError> {
    if context.configuration.has_calendar {
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
    let calendar = Calendar::from_toml(&text).map_err(|source| CliError::Calendar {
        path: file.to_owned(),
        source,
    })?;
    let app = context.app()?;
    let mut writer = app.store.writer()?;
    let effect =
        writer.write(|writing| put_calendar_in_force(writing, &calendar, &app.environment))?;
    let result = json!({
        "name": calendar.name(),
        "changed-days": effect.days,
        "invalidated": effect.invalidated,
    });
    context.show(&result, || {
        let name = calendar.name();
        match effect.invalidated {
            0 => format!("calendar `{name}` is in force; no output changes"),
            outputs => format!(
                "calendar `{name}` is in force; the next run computes {} again",
                report::count_with_noun(outputs, "output"),
            ),
        }
    })
}
