//! Reads the section `[prices]` of a configuration: waiting for prices, and the command that fetches
//! them.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::error::ConfigurationError;
use crate::app::PriceFeed;
use crate::engine::PriceWait;

/// The time that an attempt may take by default, in seconds.
const TIMEOUT_SECONDS: u32 = 300;
/// The longest time that it may take, in seconds.
const MAX_TIMEOUT_SECONDS: u32 = 3_600;
/// The number of attempts by default.
const ATTEMPTS: u32 = 3;
/// The largest number of attempts.
const MAX_ATTEMPTS: u32 = 10;

/// The section as written.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct PricesSection {
    least_share: Option<f64>,
    wait_sessions: Option<usize>,
    dead_after: Option<u16>,
    unpriced_above: Option<f64>,
    command: Option<Vec<String>>,
    timeout_seconds: Option<u32>,
    attempts: Option<u32>,
}

impl PricesSection {
    /// Returns the rules of waiting for prices.
    pub(super) fn price_wait(&self) -> Result<PriceWait, ConfigurationError> {
        let defaults = PriceWait::default();
        let least_share = share("prices.least-share", self.least_share)?;
        let unpriced_above = share("prices.unpriced-above", self.unpriced_above)?;
        Ok(PriceWait {
            min_priced_share: least_share.unwrap_or(defaults.min_priced_share),
            sessions: self.wait_sessions.unwrap_or(defaults.sessions),
            dead_after_sessions: self.dead_after.unwrap_or(defaults.dead_after_sessions),
            max_unpriced_share: unpriced_above.unwrap_or(defaults.max_unpriced_share),
        })
    }

    /// Returns the command that fetches prices, which runs in `folder`, if there is one.
    pub(super) fn feed(
        &self,
        folder: &Path,
        inbox: Option<&Path>,
    ) -> Result<Option<PriceFeed>, ConfigurationError> {
        let Some(command) = &self.command else {
            let unused = [
                ("prices.timeout-seconds", self.timeout_seconds),
                ("prices.attempts", self.attempts),
            ];
            let unused = unused.into_iter().find(|(_, value)| value.is_some());
            return match unused {
                Some((key, _)) => Err(ConfigurationError::Keys {
                    key,
                    problem: "it belongs to `command`, which is not set",
                }),
                None => Ok(None),
            };
        };
        if command
            .first()
            .is_none_or(|program| program.trim().is_empty())
        {
            return Err(ConfigurationError::Keys {
                key: "prices.command",
                problem: "it needs a program, such as [\"python3\", \"prices.py\"]",
            });
        }
        let inbox = inbox.ok_or(ConfigurationError::Keys {
            key: "prices.command",
            problem: "its answers are files of the inbox: set `folder` of [inbox]",
        })?;
        let seconds = within(
            "prices.timeout-seconds",
            self.timeout_seconds.unwrap_or(TIMEOUT_SECONDS),
            MAX_TIMEOUT_SECONDS,
            "it must be from 1 to 3600",
        )?;
        let attempts = within(
            "prices.attempts",
            self.attempts.unwrap_or(ATTEMPTS),
            MAX_ATTEMPTS,
            "it must be from 1 to 10",
        )?;
        Ok(Some(PriceFeed {
            command: command.clone(),
            folder: folder.to_owned(),
            timeout: Duration::from_secs(u64::from(seconds)),
            attempts,
            inbox: inbox.to_owned(),
        }))
    }
}

fn within(
    key: &'static str,
    value: u32,
    max: u32,
    expected: &'static str,
) -> Result<u32, ConfigurationError> {
    match value {
        1.. if value <= max => Ok(value),
        _ => Err(ConfigurationError::Value {
            key,
            value: value.to_string(),
            expected,
        }),
    }
}

fn share(key: &'static str, value: Option<f64>) -> Result<Option<f64>, ConfigurationError> {
    match value {
        Some(share) if !(0.0..=1.0).contains(&share) => Err(ConfigurationError::Value {
            key,
            value: share.to_string(),
            expected: "it must be a share from 0 to 1",
        }),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(text: &str, has_inbox: bool) -> Result<Option<PriceFeed>, String> {
        let section: PricesSection = toml::from_str(text).unwrap();
        let inbox = has_inbox.then_some(Path::new("conf/inbox"));
        let feed = section.feed(Path::new("conf"), inbox);
        feed.map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_has_a_timeout_and_attempts() {
        assert_eq!(feed("", true), Ok(None));
        let defaults = feed("command = [\"prices\"]", true).unwrap().unwrap();
        assert_eq!((defaults.timeout.as_secs(), defaults.attempts), (300, 3));
        let text = "command = [\"prices\", \"-k\"]\ntimeout-seconds = 7\nattempts = 1";
        let set = feed(text, true).unwrap().unwrap();
        // An argument may be a secret.
        assert!(!format!("{set:?}").contains("-k"));
        assert_eq!((set.timeout.as_secs(), set.attempts), (7, 1));
        assert_eq!(
            (set.folder, set.inbox),
            ("conf".into(), "conf/inbox".into())
        );
    }

    #[test]
    fn keys_that_would_not_be_used_are_refused() {
        for (text, has_inbox, problem) in [
            ("timeout-seconds = 7", true, "which is not set"),
            ("attempts = 2", true, "which is not set"),
            ("command = []", true, "it needs a program"),
            ("command = [\" \"]", true, "it needs a program"),
            ("command = [\"a\"]", false, "set `folder` of [inbox]"),
            ("command = [\"a\"]\nattempts = 0", true, "from 1 to 10"),
            ("command = [\"a\"]\nattempts = 11", true, "from 1 to 10"),
            ("command = [\"a\"]\ntimeout-seconds = 0", true, "to 3600"),
            ("command = [\"a\"]\ntimeout-seconds = 3601", true, "to 3600"),
        ] {
            let error = feed(text, has_inbox).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
