//! The part `[alerts]` of a configuration: what is written in it, and where its secrets are.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigurationError;
use crate::notify::{Channels, Endpoint, Secret};

/// What is written under `[alerts]`.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct WrittenAlerts {
    max_lag: Option<usize>,
    ping: Option<WrittenPost>,
    ntfy: Option<WrittenPost>,
    webhook: Option<WrittenPost>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct WrittenPost {
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
    ping: Option<Sources>,
    ntfy: Option<Sources>,
    webhook: Option<Sources>,
}

/// Where a channel's address and token are.
#[derive(Debug, Clone)]
struct Sources {
    url: Source,
    token: Option<Source>,
}

/// Where a secret is. Its name is for errors.
#[derive(Debug, Clone)]
struct Source {
    key: &'static str,
    place: Keeping,
}

#[derive(Debug, Clone)]
enum Keeping {
    Here(Secret),
    File(PathBuf),
    Environment(String),
}

/// The names of a channel's keys.
struct Keys {
    table: &'static str,
    url: &'static str,
    token: &'static str,
}

const PING: Keys = Keys {
    table: "alerts.ping",
    url: "alerts.ping.url",
    token: "alerts.ping.token",
};
const NTFY: Keys = Keys {
    table: "alerts.ntfy",
    url: "alerts.ntfy.url",
    token: "alerts.ntfy.token",
};
const WEBHOOK: Keys = Keys {
    table: "alerts.webhook",
    url: "alerts.webhook.url",
    token: "alerts.webhook.token",
};

impl WrittenAlerts {
    /// Where the channels lead; files are relative to `folder`.
    pub(super) fn settings(&self, folder: &Path) -> Result<AlertSettings, ConfigurationError> {
        let sources = |post: &Option<WrittenPost>, keys| {
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

impl WrittenPost {
    fn sources(&self, keys: &Keys, folder: &Path) -> Result<Sources, ConfigurationError> {
        let here = self
            .url
            .as_deref()
            .map(|url| Keeping::Here(Secret::new(url)));
        let url = one_of(keys.url, here, &self.url_file, &self.url_env, folder)?;
        Ok(Sources {
            url: url.ok_or(ConfigurationError::Value {
                key: keys.table,
                value: String::new(),
                expected: "it needs one of url, url-file and url-env",
            })?,
            token: one_of(keys.token, None, &self.token_file, &self.token_env, folder)?,
        })
    }
}

/// The one place that is given, if one is.
fn one_of(
    key: &'static str,
    here: Option<Keeping>,
    file: &Option<PathBuf>,
    variable: &Option<String>,
    folder: &Path,
) -> Result<Option<Source>, ConfigurationError> {
    let file = file.as_ref().map(|file| Keeping::File(folder.join(file)));
    let variable = variable.clone().map(Keeping::Environment);
    let mut given = [here, file, variable].into_iter().flatten();
    let first = given.next();
    if given.next().is_some() {
        return Err(ConfigurationError::Value {
            key,
            value: "given twice".to_owned(),
            expected: "it stands here, in a file or in the environment",
        });
    }
    Ok(first.map(|place| Source { key, place }))
}

impl AlertSettings {
    /// The channels with their secrets, read from where they are.
    pub(super) fn channels(&self) -> Result<Channels, ConfigurationError> {
        let post = |sources: &Option<Sources>| sources.as_ref().map(Sources::post).transpose();
        Ok(Channels {
            ping: post(&self.ping)?,
            ntfy: post(&self.ntfy)?,
            webhook: post(&self.webhook)?,
            max_lag: self.max_lag,
        })
    }
}

impl Sources {
    fn post(&self) -> Result<Endpoint, ConfigurationError> {
        let url = self.url.read()?;
        if !url.is_address() {
            // What stands there may be a secret in the wrong place: it is not shown.
            return Err(self
                .url
                .wrong("it must be an `https://` or `http://` address"));
        }
        let token = self.token.as_ref().map(Source::read).transpose()?;
        Ok(Endpoint { url, token })
    }
}

impl Source {
    #[expect(
        clippy::disallowed_methods,
        reason = "the gate for secrets of the environment"
    )]
    fn read(&self) -> Result<Secret, ConfigurationError> {
        let secret = match &self.place {
            Keeping::Here(secret) => secret.clone(),
            Keeping::File(path) => {
                Secret::new(&std::fs::read_to_string(path).map_err(|source| {
                    ConfigurationError::Secret {
                        key: self.key,
                        path: path.clone(),
                        source,
                    }
                })?)
            }
            Keeping::Environment(name) => match std::env::var(name) {
                Ok(text) => Secret::new(&text),
                Err(_) => return Err(self.wrong("the environment variable is not set")),
            },
        };
        match secret.is_empty() {
            true => Err(self.wrong("there is nothing in it")),
            false => Ok(secret),
        }
    }

    /// What is wrong with what stands there, and where that is.
    fn wrong(&self, expected: &'static str) -> ConfigurationError {
        ConfigurationError::Value {
            key: self.key,
            value: match &self.place {
                Keeping::Here(_) => "(not shown)".to_owned(),
                Keeping::File(path) => path.display().to_string(),
                Keeping::Environment(name) => name.clone(),
            },
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(text: &str, folder: &Path) -> Result<Channels, ConfigurationError> {
        let written: WrittenAlerts = toml::from_str(text).unwrap();
        written.settings(folder)?.channels()
    }

    #[test]
    fn nothing_written_tells_nobody() {
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
    fn what_is_missing_or_said_twice_is_told_without_showing_a_secret() {
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
