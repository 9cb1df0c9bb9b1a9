//! Reads `plimsoll.toml`, checks its values and fills in the defaults.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::Deserialize;

use super::alert_settings::{AlertSettings, AlertsSection};
use super::error::{CliError, ConfigurationError};
use super::price_settings::PricesSection;
use super::serve_settings::{ScheduleSection, ServeOptions, ServeSection};
use crate::app::PriceFeed;
use crate::domain::calendar::{Amendments, BuiltIn};
use crate::domain::{Calendar, Nearest, RiskModel};
use crate::engine::{CommitGrain, Settings};
use crate::import::profile::{Profiles, ProfilesError};
use crate::plan::{Newcomers, Policy, PolicyName};
use crate::serve::Schedule;

/// The configuration that `init` writes: every key with its default and a comment.
pub(super) const COMMENTED: &str = include_str!("plimsoll.toml");

/// The settings of a configuration, defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    /// The file that it was read from; `None` for the defaults.
    pub(super) path: Option<PathBuf>,
    pub(super) database: PathBuf,
    /// The folder whose files a run imports first.
    pub(super) inbox: Option<PathBuf>,
    /// The command that fetches missing prices before a run.
    pub(super) price_feed: Option<PriceFeed>,
    /// The folder of the user's import profiles.
    pub(super) profile_folder: Option<PathBuf>,
    pub(super) policy: Policy,
    /// The number of compute threads; all processors if `None`.
    pub(super) jobs: Option<NonZeroUsize>,
    /// The engine settings; `calendar` is the default one unless it is configured.
    pub(super) engine: Settings,
    /// True if the file chooses or amends a calendar, which then overrides that of the database.
    pub(super) has_calendar: bool,
    /// The section `[serve]` before `--listen` and defaults.
    pub(super) serve: ServeOptions,
    /// The start of runs by `plimsoll serve`, before `--no-schedule`.
    pub(super) schedule: Schedule,
    pub(super) alerts: AlertSettings,
    /// Warnings about old names of keys, each of which names the new one.
    pub(super) warnings: Vec<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct ConfigurationFile {
    database: Option<PathBuf>,
    calendar: CalendarSection,
    inbox: InboxSection,
    import: ImportSection,
    prices: PricesSection,
    run: RunSection,
    risk: Option<RiskModel>,
    serve: ServeSection,
    schedule: ScheduleSection,
    alerts: AlertsSection,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct CalendarSection {
    name: Option<String>,
    file: Option<PathBuf>,
    grace_minutes: Option<u32>,
    amendments: Option<Amendments>,
}

impl CalendarSection {
    fn is_chosen(&self) -> bool {
        self.name.is_some() || self.file.is_some() || self.amendments.is_some()
    }
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct InboxSection {
    folder: Option<PathBuf>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct ImportSection {
    profiles: Option<PathBuf>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct RunSection {
    policy: Option<PolicyName>,
    newcomers: Option<Newcomers>,
    quarantine_after: Option<u32>,
    lease_seconds: Option<u32>,
    batch_cells: Option<NonZeroUsize>,
    jobs: Option<NonZeroUsize>,
    commit: Option<CommitSetting>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum CommitSetting {
    Cells,
    PerPhase,
}

impl Configuration {
    /// Reads a configuration file; paths in it are relative to its folder.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let invalid = |source| CliError::Configuration {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| invalid(ConfigurationError::Read(error)))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut configuration = Self::parse(&text, folder).map_err(invalid)?;
        configuration.path = Some(path.to_owned());
        Ok(configuration)
    }

    /// Returns the settings without any configuration file.
    pub(super) fn defaults() -> Self {
        Self::parse("", Path::new("")).expect("an empty configuration is the defaults")
    }

    /// Returns the import profiles of the program and of the configured folder.
    ///
    /// # Errors
    ///
    /// The folder or a profile in it cannot be read.
    pub(super) fn profiles(&self) -> Result<Profiles, ProfilesError> {
        match &self.profile_folder {
            Some(folder) => Profiles::shipped().with_folder(folder),
            None => Ok(Profiles::shipped().clone()),
        }
    }

    /// Parses the text of a configuration; paths in it are relative to `folder`.
    fn parse(text: &str, folder: &Path) -> Result<Self, ConfigurationError> {
        let file: ConfigurationFile =
            toml::from_str(text).map_err(|source| ConfigurationError::Text {
                nearest: Nearest::from_message(source.message()),
                source,
            })?;
        let database = file.database.as_deref();
        let mut policy = file.run.policy.unwrap_or(PolicyName::PerCell).policy();
        if let Some(newcomers) = file.run.newcomers {
            policy.newcomers = newcomers;
        }
        policy
            .check_runnable()
            .map_err(ConfigurationError::Policy)?;
        let inbox = (file.inbox.folder.as_ref()).map(|inbox| folder.join(inbox));
        Ok(Self {
            path: None,
            database: folder.join(database.unwrap_or(Path::new("plimsoll.db"))),
            price_feed: file.prices.feed(folder, inbox.as_deref())?,
            inbox,
            profile_folder: (file.import.profiles.as_ref()).map(|profiles| folder.join(profiles)),
            policy,
            jobs: file.run.jobs,
            engine: engine_settings(&file, folder)?,
            has_calendar: file.calendar.is_chosen(),
            serve: file.serve.validate()?,
            schedule: file.schedule.settings(),
            alerts: file.alerts.settings(folder)?,
            warnings: file.serve.warning().into_iter().collect(),
        })
    }
}

fn engine_settings(
    file: &ConfigurationFile,
    folder: &Path,
) -> Result<Settings, ConfigurationError> {
    let defaults = Settings::new_york();
    let run = &file.run;
    Ok(Settings {
        calendar: calendar(&file.calendar, folder)?,
        grace: (file.calendar.grace_minutes).map_or(defaults.grace, |minutes| {
            TimeDelta::minutes(i64::from(minutes))
        }),
        price_wait: file.prices.price_wait()?,
        quarantine_after: at_least_one("run.quarantine-after", run.quarantine_after)?
            .unwrap_or(defaults.quarantine_after),
        lease: at_least_one("run.lease-seconds", run.lease_seconds)?
            .map_or(defaults.lease, |seconds| {
                TimeDelta::seconds(i64::from(seconds))
            }),
        batch_cells: run.batch_cells.unwrap_or(defaults.batch_cells),
        commit: match run.commit {
            None | Some(CommitSetting::Cells) => CommitGrain::Cells,
            Some(CommitSetting::PerPhase) => CommitGrain::Phases,
        },
        model: file.risk.clone(),
    })
}

fn at_least_one(key: &'static str, value: Option<u32>) -> Result<Option<u32>, ConfigurationError> {
    if value == Some(0) {
        return Err(ConfigurationError::Value {
            key,
            value: "0".to_owned(),
            expected: "it must be 1 or more",
        });
    }
    Ok(value)
}

fn calendar(section: &CalendarSection, folder: &Path) -> Result<Calendar, ConfigurationError> {
    let base = match (&section.file, section.name.as_deref()) {
        (Some(file), None) => {
            let text = std::fs::read_to_string(folder.join(file))?;
            Calendar::from_toml(&text).map_err(ConfigurationError::Calendar)?
        }
        (None, None) => Calendar::new_york(),
        (None, Some(name)) => BuiltIn::from_name(name)
            .ok_or_else(|| ConfigurationError::Value {
                key: "calendar.name",
                value: name.to_owned(),
                expected: "use an exchange code such as XTSE, or new-york, weekdays or every-day; for others, set calendar.file",
            })?
            .calendar(),
        (Some(_), Some(_)) => {
            return Err(ConfigurationError::Keys {
                key: "calendar.file",
                problem: "`name` and `file` exclude each other",
            });
        }
    };
    match &section.amendments {
        None => Ok(base),
        Some(amendments) => base
            .with_amendments(amendments)
            .map_err(ConfigurationError::Calendar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_configuration_is_the_defaults() {
        let commented = Configuration::parse(COMMENTED, Path::new("")).unwrap();
        let defaults = Configuration::defaults();
        assert_eq!(commented.database, defaults.database);
        assert_eq!(commented.policy, defaults.policy);
        assert_eq!(commented.engine.price_wait, defaults.engine.price_wait);
        assert_eq!(commented.engine.batch_cells, defaults.engine.batch_cells);
        assert_eq!(commented.engine.calendar, defaults.engine.calendar);
        assert_eq!(
            commented.serve.settings(None),
            defaults.serve.settings(None)
        );
        assert_eq!(commented.schedule, defaults.schedule);
        assert_eq!(commented.price_feed, defaults.price_feed);
    }

    #[test]
    fn every_key_of_the_commented_configuration_is_known() {
        let uncommented: String = COMMENTED
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                // Alternatives of another key are indented further: they exclude it.
                Some(rest) if rest.starts_with(' ') => "\n".to_owned(),
                Some(rest) if rest.contains(" = ") || rest.starts_with('[') => format!("{rest}\n"),
                _ if line.starts_with('#') => "\n".to_owned(),
                _ => format!("{line}\n"),
            })
            .collect();
        let parsed = Configuration::parse(&uncommented, Path::new("")).unwrap();
        assert_eq!(parsed.inbox.as_deref(), Some(Path::new("inbox")));
        assert!(parsed.price_feed.is_some());
        assert!(
            parsed
                .engine
                .model
                .is_some_and(|model| !model.shocks.is_empty())
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let error =
            Configuration::parse("[run]\nquarantine-afer = 3\n", Path::new("")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("did you mean `quarantine-after`?"),
            "{error}"
        );
        let source = std::error::Error::source(&error).expect("a cause with the line");
        assert!(source.to_string().contains("line 2"), "{source}");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for text in [
            "[prices]\nleast-share = 1.5",
            "[prices]\nunpriced-above = -0.1",
            "[run]\nlease-seconds = 0",
            "[run]\nbatch-cells = 0",
            "[calendar]\nname = \"tokyo\"",
        ] {
            assert!(Configuration::parse(text, Path::new("")).is_err(), "{text}");
        }
    }
}
