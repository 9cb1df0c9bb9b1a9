//! The parts `[serve]` and `[schedule]` of a configuration: what is written in them, and what it
//! means.

use std::net::SocketAddr;

use serde::Deserialize;

use super::ConfigurationError;
use crate::serve::{Guests, PublicUrl, Schedule, ServeSettings};

/// What is written under `[serve]`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct WrittenServe {
    address: Option<SocketAddr>,
    public_url: Option<String>,
    guests: Option<WrittenGuests>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum WrittenGuests {
    Welcome,
    Refused,
}

/// What is written under `[schedule]`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct WrittenSchedule {
    runs: Option<WrittenRuns>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum WrittenRuns {
    WhenFinal,
    Never,
}

impl WrittenSchedule {
    /// Whether runs start by themselves.
    pub(super) fn settings(&self) -> Schedule {
        match self.runs {
            None | Some(WrittenRuns::WhenFinal) => Schedule::WhenFinal,
            Some(WrittenRuns::Never) => Schedule::Never,
        }
    }
}

impl WrittenServe {
    /// Where to listen and whom to answer.
    pub(super) fn settings(&self) -> Result<ServeSettings, ConfigurationError> {
        let url = self.public_url.as_deref().map(PublicUrl::parse);
        let url = url.transpose().map_err(|_| ConfigurationError::Value {
            key: "serve.public-url",
            value: self.public_url.clone().unwrap_or_default(),
            expected: "it must be `https://HOST` or `http://HOST:PORT`",
        })?;
        let address = self.address.unwrap_or(ServeSettings::default().address);
        let mut settings = ServeSettings::at(address, url);
        match self.guests {
            None => {}
            Some(WrittenGuests::Welcome) => settings.guests = Guests::Welcome,
            Some(WrittenGuests::Refused) => settings.guests = Guests::Refused,
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<ServeSettings, ConfigurationError> {
        toml::from_str::<WrittenServe>(text).unwrap().settings()
    }

    #[test]
    fn nothing_written_is_this_machine_alone() {
        assert_eq!(settings("").unwrap(), ServeSettings::default());
    }

    #[test]
    fn what_is_written_holds() {
        let text =
            "address = \"0.0.0.0:80\"\npublic-url = \"https://books.lan\"\nguests = \"welcome\"";
        let settings = settings(text).unwrap();
        assert_eq!(settings.address.port(), 80);
        assert!(settings.public_url.is_some_and(|url| url.is_secure()));
        assert_eq!(settings.guests, Guests::Welcome);
    }

    #[test]
    fn runs_start_by_themselves_unless_they_are_never_to() {
        let schedule = |text| toml::from_str::<WrittenSchedule>(text).map(|it| it.settings());
        assert_eq!(schedule("").unwrap(), Schedule::WhenFinal);
        let never = schedule("runs = \"never\"").unwrap();
        assert_eq!(never, Schedule::Never);
        assert!(schedule("runs = \"hourly\"").is_err());
    }

    #[test]
    fn an_address_that_makes_no_sense_is_refused() {
        assert!(settings("public-url = \"books\"").is_err());
        assert!(toml::from_str::<WrittenServe>("address = \"books\"").is_err());
    }
}
