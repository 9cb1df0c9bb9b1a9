//! Reads the sections `[serve]` and `[schedule]` of a configuration.

use std::net::SocketAddr;

use serde::Deserialize;

use super::error::ConfigurationError;
use crate::serve::{AnonymousAccess, PublicUrl, Schedule, ServeSettings};

/// The section `[serve]` as written.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct ServeSection {
    address: Option<SocketAddr>,
    public_url: Option<String>,
    anonymous: Option<AnonymousSetting>,
    /// The old name of `anonymous`, with its own values. It is read for one more version.
    guests: Option<GuestsSetting>,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum AnonymousSetting {
    Read,
    None,
}

#[derive(Debug, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum GuestsSetting {
    Welcome,
    Refused,
}

/// The section `[schedule]` as written.
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
    pub(super) fn settings(&self) -> Schedule {
        match self.runs {
            None | Some(RunsSetting::WhenFinal) => Schedule::WhenFinal,
            Some(RunsSetting::Never) => Schedule::Never,
        }
    }
}

/// The keys of `[serve]`, each `None` where the file leaves it out.
///
/// Defaults are not filled in yet, because the default of `anonymous` depends on the address,
/// which `--listen` can override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServeOptions {
    address: Option<SocketAddr>,
    public_url: Option<PublicUrl>,
    anonymous: Option<AnonymousAccess>,
}

impl ServeSection {
    /// Checks the values of the section.
    ///
    /// # Errors
    ///
    /// Fails if `public-url` is not `https://HOST` or `http://HOST:PORT`, or if `anonymous` and its
    /// old name `guests` are both set.
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
            anonymous: self.anonymous_access()?,
        })
    }

    fn anonymous_access(&self) -> Result<Option<AnonymousAccess>, ConfigurationError> {
        match (self.anonymous, self.guests) {
            (Some(_), Some(_)) => Err(ConfigurationError::Keys {
                key: "serve.guests",
                problem: "`anonymous` is its new name: remove `guests`",
            }),
            (Some(AnonymousSetting::Read), None) | (None, Some(GuestsSetting::Welcome)) => {
                Ok(Some(AnonymousAccess::Read))
            }
            (Some(AnonymousSetting::None), None) | (None, Some(GuestsSetting::Refused)) => {
                Ok(Some(AnonymousAccess::None))
            }
            (None, None) => Ok(None),
        }
    }

    /// Returns the warning about the old key `guests`, if the section has it.
    pub(super) fn warning(&self) -> Option<String> {
        let (old, new) = match self.guests? {
            GuestsSetting::Welcome => ("welcome", "read"),
            GuestsSetting::Refused => ("refused", "none"),
        };
        Some(format!(
            "`guests = \"{old}\"` of [serve] is now `anonymous = \"{new}\"`"
        ))
    }
}

impl ServeOptions {
    /// Returns the settings of a server. `listen`, the value of `--listen`, replaces `address` and
    /// no other key.
    pub(super) fn settings(&self, listen: Option<SocketAddr>) -> ServeSettings {
        // The pattern names every field, so that a new key is a compile error until it is used.
        let Self {
            address,
            public_url,
            anonymous,
        } = self.clone();
        let address = listen.or(address);
        let address = address.unwrap_or_else(|| ServeSettings::default().address);
        let defaults = ServeSettings::new(address, public_url);
        ServeSettings {
            anonymous: anonymous.unwrap_or(defaults.anonymous),
            ..defaults
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str) -> ServeSection {
        toml::from_str(text).unwrap()
    }

    fn settings(text: &str) -> Result<ServeSettings, ConfigurationError> {
        Ok(section(text).validate()?.settings(None))
    }

    /// Returns the settings with `--listen`, or the error as text.
    fn settings_with(text: &str, listen: Option<SocketAddr>) -> Result<ServeSettings, String> {
        let options = section(text)
            .validate()
            .map_err(|error| error.to_string())?;
        Ok(options.settings(listen))
    }

    /// Returns the keys of the section. The error for an unknown key lists them.
    fn keys() -> Vec<String> {
        let error = toml::from_str::<ServeSection>("no-such-key = 1").unwrap_err();
        let (_, known) = error.message().split_once("expected").unwrap();
        let names = known.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect()
    }

    /// Returns test values of a key. Each differs from the key's default on loopback or on other
    /// addresses.
    fn values(key: &str) -> &'static [&'static str] {
        match key {
            "address" => &["192.0.2.1:80"],
            "public-url" => &["https://books.example.com"],
            "anonymous" => &["read", "none"],
            "guests" => &["welcome", "refused"],
            other => panic!("add a value for the new key `{other}`"),
        }
    }

    /// Returns the text of a section for each combination of keys and their test values.
    fn all_sections() -> Vec<String> {
        let mut texts = vec![String::new()];
        for key in &keys() {
            let with_key = |text: &String| {
                let extended = values(key).iter();
                let extended = extended.map(|value| format!("{text}{key} = \"{value}\"\n"));
                extended.collect::<Vec<_>>()
            };
            let longer: Vec<_> = texts.iter().flat_map(with_key).collect();
            texts.extend(longer);
        }
        texts
    }

    fn has_key(text: &str, key: &str) -> bool {
        text.lines().any(|line| line.starts_with(key))
    }

    #[test]
    fn listen_overrides_only_the_address() {
        let keys = keys();
        assert_eq!(keys, ["address", "public-url", "anonymous", "guests"]);
        for listen in ["127.0.0.1:9000", "0.0.0.0:9000"] {
            for text in &all_sections() {
                let other_lines = text.lines().filter(|line| !line.starts_with("address"));
                let other_lines: Vec<_> = other_lines.collect();
                let written = format!("address = \"{listen}\"\n{}", other_lines.join("\n"));
                assert_eq!(
                    settings_with(text, Some(listen.parse().unwrap())),
                    settings_with(&written, None),
                    "--listen {listen}, {text}"
                );
            }
        }
    }

    #[test]
    fn only_anonymous_together_with_its_old_name_is_an_error() {
        for text in &all_sections() {
            let both = has_key(text, "anonymous") && has_key(text, "guests");
            assert_eq!(settings(text).is_err(), both, "{text}");
        }
        let error = settings("anonymous = \"read\"\nguests = \"welcome\"").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`serve.guests`: `anonymous` is its new name: remove `guests`"
        );
    }

    #[test]
    fn the_old_key_is_read_with_a_warning_that_names_the_new_one() {
        let cases = [
            ("welcome", "read", AnonymousAccess::Read),
            ("refused", "none", AnonymousAccess::None),
        ];
        for (old, new, access) in cases {
            let old_text = format!("guests = \"{old}\"");
            let new_text = format!("anonymous = \"{new}\"");
            for text in [&old_text, &new_text] {
                assert_eq!(settings(text).unwrap().anonymous, access, "{text}");
            }
            let warning = section(&old_text).warning().unwrap();
            assert!(warning.contains(&old_text), "{warning}");
            assert!(warning.contains(&new_text), "{warning}");
            assert_eq!(section(&new_text).warning(), None);
        }
        assert!(toml::from_str::<ServeSection>("guests = \"read\"").is_err());
        assert!(toml::from_str::<ServeSection>("anonymous = \"welcome\"").is_err());
    }

    #[test]
    fn an_empty_section_listens_on_loopback_only() {
        assert_eq!(settings("").unwrap(), ServeSettings::default());
    }

    #[test]
    fn every_current_key_of_the_section_is_read() {
        let text = "address = \"0.0.0.0:80\"\npublic-url = \"https://books.lan\"\n\
                    anonymous = \"read\"";
        let settings = settings(text).unwrap();
        assert_eq!(settings.address.port(), 80);
        assert!(settings.public_url.is_some_and(|url| url.is_secure()));
        assert_eq!(settings.anonymous, AnonymousAccess::Read);
    }

    #[test]
    fn runs_start_on_schedule_unless_set_to_never() {
        let schedule =
            |text| toml::from_str::<ScheduleSection>(text).map(|section| section.settings());
        assert_eq!(schedule("").unwrap(), Schedule::WhenFinal);
        let never = schedule("runs = \"never\"").unwrap();
        assert_eq!(never, Schedule::Never);
        assert!(schedule("runs = \"hourly\"").is_err());
    }

    #[test]
    fn an_invalid_address_or_public_url_is_rejected() {
        assert!(settings("public-url = \"books\"").is_err());
        assert!(toml::from_str::<ServeSection>("address = \"books\"").is_err());
    }
}
