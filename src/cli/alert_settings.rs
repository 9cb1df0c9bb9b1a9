//! Reads the section `[alerts]` of a configuration: channels, and the places of their secrets.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConfigurationError;
use crate::engine::PriceWait;
use crate::notify::{Channels, Endpoint, Secret};
use crate::query::ConcernLimits;

/// The section as written.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct AlertsSection {
    max_lag: Option<usize>,
    max_stale: Option<usize>,
    max_verify_age: Option<u32>,
    ping: Option<EndpointSection>,
    ntfy: Option<EndpointSection>,
    webhook: Option<EndpointSection>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct EndpointSection {
    url: Option<String>,
    url_file: Option<PathBuf>,
    url_env: Option<String>,
    token_file: Option<PathBuf>,
    token_env: Option<String>,
}

/// The channels with their secrets unread, because most commands need none of them.
#[derive(Debug, Clone)]
pub(crate) struct AlertSettings {
    /// The number of sessions that a portfolio may be behind before it is late.
    max_lag: usize,
    /// Number of sessions that a price or rate may be old; `prices.dead-after` if `None`.
    max_stale: Option<usize>,
    /// Number of days that the last verification may be old; any number if `None`.
    max_verify_age: Option<u32>,
    ping: Option<EndpointSource>,
    ntfy: Option<EndpointSource>,
    webhook: Option<EndpointSource>,
}

/// The places of a channel's address and token.
#[derive(Debug, Clone)]
struct EndpointSource {
    url: SecretSource,
    token: Option<SecretSource>,
}

/// The place of a secret, and the key that errors name.
#[derive(Debug, Clone)]
struct SecretSource {
    key: &'static str,
    location: SecretLocation,
}

#[derive(Debug, Clone)]
enum SecretLocation {
    Inline(Secret),
    File(PathBuf),
    Environment(String),
}

/// The names of a channel's keys, for errors.
struct EndpointKeys {
    table: &'static str,
    url: &'static str,
    token: &'static str,
}

const PING: EndpointKeys = EndpointKeys {
    table: "alerts.ping",
    url: "alerts.ping.url",
    token: "alerts.ping.token",
};
const NTFY: EndpointKeys = EndpointKeys {
    table: "alerts.ntfy",
    url: "alerts.ntfy.url",
    token: "alerts.ntfy.token",
};
const WEBHOOK: EndpointKeys = EndpointKeys {
    table: "alerts.webhook",
    url: "alerts.webhook.url",
    token: "alerts.webhook.token",
};

impl AlertsSection {
    /// Checks that each secret has one place; files are relative to `folder`.
    pub(super) fn settings(&self, folder: &Path) -> Result<AlertSettings, ConfigurationError> {
        let sources = |endpoint: &Option<EndpointSection>, keys| {
            let sources = endpoint
                .as_ref()
                .map(|endpoint| endpoint.sources(keys, folder));
            sources.transpose()
        };
        Ok(AlertSettings {
            max_lag: (self.max_lag).unwrap_or(ConcernLimits::default().max_lag),
            max_stale: self.max_stale,
            max_verify_age: self.max_verify_age,
            ping: sources(&self.ping, &PING)?,
            ntfy: sources(&self.ntfy, &NTFY)?,
            webhook: sources(&self.webhook, &WEBHOOK)?,
        })
    }
}

impl EndpointSection {
    fn sources(
        &self,
        keys: &EndpointKeys,
        folder: &Path,
    ) -> Result<EndpointSource, ConfigurationError> {
        let inline = self
            .url
            .as_deref()
            .map(|url| SecretLocation::Inline(Secret::new(url)));
        let url = single_source(keys.url, inline, &self.url_file, &self.url_env, folder)?;
        Ok(EndpointSource {
            url: url.ok_or(ConfigurationError::Keys {
                key: keys.table,
                problem: "one of url, url-file and url-env is required",
            })?,
            token: single_source(keys.token, None, &self.token_file, &self.token_env, folder)?,
        })
    }
}

/// Returns the place that is set, if any. More than one is an error.
fn single_source(
    key: &'static str,
    inline: Option<SecretLocation>,
    file: &Option<PathBuf>,
    variable: &Option<String>,
    folder: &Path,
) -> Result<Option<SecretSource>, ConfigurationError> {
    let file = file
        .as_ref()
        .map(|file| SecretLocation::File(folder.join(file)));
    let variable = variable.clone().map(SecretLocation::Environment);
    let mut locations = [inline, file, variable].into_iter().flatten();
    let first = locations.next();
    if locations.next().is_some() {
        return Err(ConfigurationError::Keys {
            key,
            problem: "set twice: use one of the key itself, `-file` and `-env`",
        });
    }
    Ok(first.map(|location| SecretSource { key, location }))
}

impl AlertSettings {
    /// Returns the limits up to which a state is no concern.
    pub(super) fn limits(&self, price_wait: &PriceWait) -> ConcernLimits {
        let dead_after = usize::from(price_wait.dead_after_sessions);
        ConcernLimits {
            max_lag: self.max_lag,
            max_stale: self.max_stale.unwrap_or(dead_after),
            max_verify_age: self.max_verify_age,
        }
    }

    /// Reads the secrets and returns the channels.
    pub(super) fn channels(&self) -> Result<Channels, ConfigurationError> {
        let endpoint = |sources: &Option<EndpointSource>| {
            sources.as_ref().map(EndpointSource::endpoint).transpose()
        };
        Ok(Channels {
            ping: endpoint(&self.ping)?,
            ntfy: endpoint(&self.ntfy)?,
            webhook: endpoint(&self.webhook)?,
        })
    }
}

impl EndpointSource {
    fn endpoint(&self) -> Result<Endpoint, ConfigurationError> {
        let url = self.url.read()?;
        if !url.is_address() {
            // The value may be a token in the wrong place, so the error does not show it.
            return Err(self
                .url
                .invalid("it must be an `https://` or `http://` address"));
        }
        let token = self.token.as_ref().map(SecretSource::read).transpose()?;
        Ok(Endpoint { url, token })
    }
}

impl SecretSource {
    #[expect(
        clippy::disallowed_methods,
        reason = "the gate for secrets of the environment"
    )]
    fn read(&self) -> Result<Secret, ConfigurationError> {
        let secret = match &self.location {
            SecretLocation::Inline(secret) => secret.clone(),
            SecretLocation::File(path) => {
                Secret::new(&std::fs::read_to_string(path).map_err(|source| {
                    ConfigurationError::Secret {
                        key: self.key,
                        path: path.clone(),
                        source,
                    }
                })?)
            }
            SecretLocation::Environment(name) => match std::env::var(name) {
                Ok(text) => Secret::new(&text),
                Err(_) => return Err(self.invalid("the environment variable is not set")),
            },
        };
        match secret.is_empty() {
            true => Err(self.invalid("it is empty")),
            false => Ok(secret),
        }
    }

    /// Returns the error of an invalid value. It names the place and never shows the secret.
    fn invalid(&self, expected: &'static str) -> ConfigurationError {
        ConfigurationError::Value {
            key: self.key,
            value: match &self.location {
                SecretLocation::Inline(_) => "(not shown)".to_owned(),
                SecretLocation::File(path) => path.display().to_string(),
                SecretLocation::Environment(name) => name.clone(),
            },
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(text: &str, folder: &Path) -> Result<Channels, ConfigurationError> {
        let section: AlertsSection = toml::from_str(text).unwrap();
        section.settings(folder)?.channels()
    }

    #[test]
    fn an_empty_section_configures_no_channel() {
        assert_eq!(channels("", Path::new("")).unwrap(), Channels::default());
    }

    #[test]
    fn secrets_come_from_files_beside_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "tk_1\n").unwrap();
        let text = "max-lag = 0\n[ntfy]\nurl = \"https://ntfy.sh/books\"\ntoken-file = \"token\"\n";
        let section: AlertsSection = toml::from_str(text).unwrap();
        let settings = section.settings(folder.path()).unwrap();
        let dead_after = PriceWait::default().dead_after_sessions;
        let limits = settings.limits(&PriceWait::default());
        assert_eq!(
            (limits.max_lag, limits.max_stale),
            (0, usize::from(dead_after))
        );
        let channels = settings.channels().unwrap();
        let ntfy = channels.ntfy.unwrap();
        assert_eq!(ntfy.token, Some(Secret::new("tk_1")));
        assert_eq!(ntfy.url.host(), "ntfy.sh");
    }

    #[test]
    fn missing_and_duplicate_keys_are_reported_without_secrets() {
        let error = |text: &str| {
            channels(text, Path::new("/nowhere"))
                .unwrap_err()
                .to_string()
        };
        let missing = error("[ping]\nurl-file = \"ping\"\n");
        assert!(missing.contains("alerts.ping.url"), "{missing}");
        assert!(error("[webhook]\n").contains("one of url, url-file"));
        let twice = error("[ntfy]\nurl = \"https://a/b\"\nurl-env = \"X\"\n");
        assert!(twice.contains("alerts.ntfy.url"), "{twice}");
        let unset = error("[ntfy]\nurl-env = \"PLIMSOLL_NO_SUCH\"\n");
        assert!(unset.contains("PLIMSOLL_NO_SUCH"), "{unset}");
        let wrong = error("[ping]\nurl = \"4f1c-secret\"\n");
        assert!(!wrong.contains("4f1c"), "{wrong}");
    }
}
