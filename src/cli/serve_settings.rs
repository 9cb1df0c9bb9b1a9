//! The parts `[serve]` and `[schedule]` of a configuration: what is written in them, and what it
//! means.

use std::net::SocketAddr;

use serde::Deserialize;

use super::ConfigurationError;
use crate::serve::{AnonymousAccess, PublicUrl, Schedule, ServeSettings};

/// What is written under `[serve]`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct ServeSection {
    address: Option<SocketAddr>,
    public_url: Option<String>,
    #[serde(rename = "guests")]
    anonymous: Option<AnonymousSetting>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum AnonymousSetting {
    #[serde(rename = "welcome")]
    Read,
    #[serde(rename = "refused")]
    None,
}

/// What is written under `[schedule]`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct ScheduleSection {
    runs: Option<RunsSetting>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum RunsSetting {
    WhenFinal,
    Never,
}

impl ScheduleSection {
    /// Whether runs start by themselves.
    pub(super) fn settings(&self) -> Schedule {
        match self.runs {
            None | Some(RunsSetting::WhenFinal) => Schedule::WhenFinal,
            Some(RunsSetting::Never) => Schedule::Never,
        }
    }
}

/// The keys of `[serve]`, each `None` where the file leaves it out.
///
/// Defaults are not filled in yet, because the default of `guests` depends on the address, which
/// `--listen` can override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeOptions {
    address: Option<SocketAddr>,
    public_url: Option<PublicUrl>,
    guests: Option<AnonymousAccess>,
}

impl ServeSection {
    /// Checks the values of the section.
    ///
    /// # Errors
    ///
    /// Fails if `public-url` is not `https://HOST` or `http://HOST:PORT`.
    pub(super) fn validate(&self) -> Result<ServeOptions, ConfigurationError> {
        let url = self.public_url.as_deref().map(PublicUrl::parse);
        let public_url = url.transpose().map_err(|_| ConfigurationError::Value {
            key: "serve.public-url",
            value: self.public_url.clone().unwrap_or_default(),
            expected: "it must be `https://HOST` or `http://HOST:PORT`",
        })?;
        Ok(ServeOptions {
            address: self.address,
            public_url,
            guests: self.anonymous.map(|guests| match guests {
                AnonymousSetting::Read => AnonymousAccess::Read,
                AnonymousSetting::None => AnonymousAccess::None,
            }),
        })
    }
}

impl ServeOptions {
    /// Returns the settings of a server. `listen`, the flag, replaces `address` and no other key.
    pub fn settings(&self, listen: Option<SocketAddr>) -> ServeSettings {
        // Naming every field makes a new key a compile error here, so that none is dropped.
        let Self {
            address,
            public_url,
            guests,
        } = self.clone();
        let address = listen.or(address);
        let address = address.unwrap_or_else(|| ServeSettings::default().address);
        let defaults = ServeSettings::new(address, public_url);
        ServeSettings {
            anonymous: guests.unwrap_or(defaults.anonymous),
            ..defaults
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<ServeSettings, ConfigurationError> {
        settings_with(text, None)
    }

    fn settings_with(
        text: &str,
        listen: Option<SocketAddr>,
    ) -> Result<ServeSettings, ConfigurationError> {
        let written: ServeSection = toml::from_str(text).unwrap();
        Ok(written.validate()?.settings(listen))
    }

    /// The keys of the section, as the refusal of an unknown key lists them.
    fn keys() -> Vec<String> {
        let refused = toml::from_str::<ServeSection>("no-such-key = 1").unwrap_err();
        let (_, known) = refused.message().split_once("expected").unwrap();
        let names = known.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect()
    }

    /// Values of a key, none of which is its default both on loopback and elsewhere.
    fn values(key: &str) -> &'static [&'static str] {
        match key {
            "address" => &["192.0.2.1:80"],
            "public-url" => &["https://books.example.com"],
            "guests" => &["welcome", "refused"],
            other => panic!("add a value for the new key `{other}`"),
        }
    }

    #[test]
    fn listen_overrides_only_the_address() {
        let keys = keys();
        assert!(keys.len() >= 3, "{keys:?}");
        // Each choice of a value or nothing for each key.
        let mut texts = vec![String::new()];
        for key in &keys {
            let with = |text: &String| {
                let lines = values(key).iter();
                let lines = lines.map(|value| format!("{text}{key} = \"{value}\"\n"));
                lines.collect::<Vec<_>>()
            };
            let longer: Vec<_> = texts.iter().flat_map(with).collect();
            texts.extend(longer);
        }
        for listen in ["127.0.0.1:9000", "0.0.0.0:9000"] {
            for text in &texts {
                let other_lines = text.lines().filter(|line| !line.starts_with("address"));
                let other_lines: Vec<_> = other_lines.collect();
                let written = format!("address = \"{listen}\"\n{}", other_lines.join("\n"));
                let flagged = settings_with(text, Some(listen.parse().unwrap())).unwrap();
                assert_eq!(
                    flagged,
                    settings(&written).unwrap(),
                    "--listen {listen}, {text}"
                );
            }
        }
    }

    #[test]
    fn an_empty_section_listens_on_loopback_only() {
        assert_eq!(settings("").unwrap(), ServeSettings::default());
    }

    #[test]
    fn every_key_of_the_section_is_read() {
        let text =
            "address = \"0.0.0.0:80\"\npublic-url = \"https://books.lan\"\nguests = \"welcome\"";
        let settings = settings(text).unwrap();
        assert_eq!(settings.address.port(), 80);
        assert!(settings.public_url.is_some_and(|url| url.is_secure()));
        assert_eq!(settings.anonymous, AnonymousAccess::Read);
    }

    #[test]
    fn runs_start_on_schedule_unless_set_to_never() {
        let schedule = |text| toml::from_str::<ScheduleSection>(text).map(|it| it.settings());
        assert_eq!(schedule("").unwrap(), Schedule::WhenFinal);
        let never = schedule("runs = \"never\"").unwrap();
        assert_eq!(never, Schedule::Never);
        assert!(schedule("runs = \"hourly\"").is_err());
    }

    #[test]
    fn an_invalid_address_is_rejected() {
        assert!(settings("public-url = \"books\"").is_err());
        assert!(toml::from_str::<ServeSection>("address = \"books\"").is_err());
    }
}
