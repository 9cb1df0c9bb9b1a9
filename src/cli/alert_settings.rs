//! The part `[alerts]` of a configuration: what is written in it, and where its secrets are.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigurationError;
use crate::notify::{Channels, Endpoint, Secret};

/// What is written under `[alerts]`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct AlertsSection {
    max_lag: Option<usize>,
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

/// Where the channels lead, their secrets unread: a command that tells nobody needs none of them.
#[derive(Debug, Clone)]
pub struct AlertSettings {
    /// How many sessions a portfolio may be behind before it is late.
    pub max_lag: usize,
    ping: Option<EndpointSource>,
    ntfy: Option<EndpointSource>,
    webhook: Option<EndpointSource>,
}

/// Where a channel's address and token are.
#[derive(Debug, Clone)]
struct EndpointSource {
    url: SecretSource,
    token: Option<SecretSource>,
}

/// Where a secret is. Its name is for errors.
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

/// The names of a channel's keys.
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
    /// Where the channels lead; files are relative to `folder`.
    pub(super) fn settings(&self, folder: &Path) -> Result<AlertSettings, ConfigurationError> {
        let sources = |post: &Option<EndpointSection>, keys| {
            let post = post.as_ref().map(|post| post.sources(keys, folder));
            post.transpose()
        };
        Ok(AlertSettings {
            max_lag: self.max_lag.unwrap_or(Channels::default().max_lag),
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
        let here = self
            .url
            .as_deref()
            .map(|url| SecretLocation::Inline(Secret::new(url)));
        let url = single_source(keys.url, here, &self.url_file, &self.url_env, folder)?;
        Ok(EndpointSource {
            url: url.ok_or(ConfigurationError::Value {
                key: keys.table,
                value: String::new(),
                expected: "it needs one of url, url-file and url-env",
            })?,
            token: single_source(keys.token, None, &self.token_file, &self.token_env, folder)?,
        })
    }
}

/// The one place that is given, if one is.
fn single_source(
    key: &'static str,
    here: Option<SecretLocation>,
    file: &Option<PathBuf>,
    variable: &Option<String>,
    folder: &Path,
) -> Result<Option<SecretSource>, ConfigurationError> {
    let file = file
        .as_ref()
        .map(|file| SecretLocation::File(folder.join(file)));
    let variable = variable.clone().map(SecretLocation::Environment);
    let mut given = [here, file, variable].into_iter().flatten();
    let first = given.next();
    if given.next().is_some() {
        return Err(ConfigurationError::Value {
            key,
            value: "given twice".to_owned(),
            expected: "it stands here, in a file or in the environment",
        });
    }
    Ok(first.map(|place| SecretSource {
        key,
        location: place,
    }))
}

impl AlertSettings {
    /// The channels with their secrets, read from where they are.
    pub(super) fn channels(&self) -> Result<Channels, ConfigurationError> {
        let post = |sources: &Option<EndpointSource>| {
            sources.as_ref().map(EndpointSource::endpoint).transpose()
        };
        Ok(Channels {
            ping: post(&self.ping)?,
            ntfy: post(&self.ntfy)?,
            webhook: post(&self.webhook)?,
            max_lag: self.max_lag,
        })
    }
}

impl EndpointSource {
    fn endpoint(&self) -> Result<Endpoint, ConfigurationError> {
        let url = self.url.read()?;
        if !url.is_address() {
            // What stands there may be a secret in the wrong place: it is not shown.
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
            true => Err(self.invalid("there is nothing in it")),
            false => Ok(secret),
        }
    }

    /// What is wrong with what stands there, and where that is.
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
        let written: AlertsSection = toml::from_str(text).unwrap();
        written.settings(folder)?.channels()
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
        let channels = channels(text, folder.path()).unwrap();
        let ntfy = channels.ntfy.unwrap();
        assert_eq!(ntfy.token, Some(Secret::new("tk_1")));
        assert_eq!((ntfy.url.host(), channels.max_lag), ("ntfy.sh", 0));
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
        assert!(error("[webhook]\n").contains("needs one of url"));
        let twice = error("[ntfy]\nurl = \"https://a/b\"\nurl-env = \"X\"\n");
        assert!(twice.contains("alerts.ntfy.url"), "{twice}");
        let unset = error("[ntfy]\nurl-env = \"PLIMSOLL_NO_SUCH\"\n");
        assert!(unset.contains("PLIMSOLL_NO_SUCH"), "{unset}");
        let wrong = error("[ping]\nurl = \"4f1c-secret\"\n");
        assert!(!wrong.contains("4f1c"), "{wrong}");
    }
}
