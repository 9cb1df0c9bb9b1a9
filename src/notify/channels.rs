//! To whom a word goes, and the secrets that takes.

use std::fmt;

/// Something that is never shown. An address is one too, since those of chats and dead man's
/// switches let whoever knows them in.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being shown; blanks around it, such as the end of a file's line, go.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text, to be sent.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The host of an address, which may be shown; the whole of it, without a user, up to the path.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default()
    }

    /// Whether it is an address that a letter can be sent to.
    pub fn is_address(&self) -> bool {
        let scheme = self.0.starts_with("https://") || self.0.starts_with("http://");
        scheme && !self.host().is_empty() && !self.0.contains(char::is_whitespace)
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A way to the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A dead man's switch, in the manner of healthchecks: it hears of each nightly run, and
    /// raises the alarm itself where it hears of none.
    Ping,
    /// A topic of an ntfy server.
    Ntfy,
    /// Any address that takes JSON.
    Webhook,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ping, Self::Ntfy, Self::Webhook];

    /// The word that people write and that is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Ntfy => "ntfy",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where a channel leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub url: Secret,
    /// What it is shown as bearer, where it wants that.
    pub token: Option<Secret>,
}

/// The channels that are configured, and from when on something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels {
    /// The dead man's switch.
    pub ping: Option<Endpoint>,
    /// The ntfy topic.
    pub ntfy: Option<Endpoint>,
    /// The webhook.
    pub webhook: Option<Endpoint>,
    /// How many sessions a portfolio may be behind before it is late.
    pub max_lag: usize,
}

impl Default for Channels {
    /// None, and a session.
    fn default() -> Self {
        Self {
            ping: None,
            ntfy: None,
            webhook: None,
            max_lag: 1,
        }
    }
}

impl Channels {
    /// Where a channel leads, if it is configured.
    pub fn endpoint(&self, channel: Channel) -> Option<&Endpoint> {
        match channel {
            Channel::Ping => self.ping.as_ref(),
            Channel::Ntfy => self.ntfy.as_ref(),
            Channel::Webhook => self.webhook.as_ref(),
        }
    }

    /// The channels that lead somewhere.
    pub fn configured(&self) -> impl Iterator<Item = (Channel, &Endpoint)> {
        let all = Channel::ALL.into_iter();
        all.filter_map(|channel| Some((channel, self.endpoint(channel)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown_and_its_host_is() {
        let url = Secret::new("https://me:word@hc.example.com:8443/ping/4f1c?x=1\n");
        let post = Endpoint {
            url: url.clone(),
            token: Some(Secret::new("tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")),
        };
        let shown = format!("{post:?}");
        for part in ["4f1c", "word", "tk_Ag"] {
            assert!(!shown.contains(part), "{shown}");
        }
        assert_eq!(url.host(), "hc.example.com:8443");
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for good in ["https://ntfy.sh/books", "http://127.0.0.1:8080"] {
            assert!(Secret::new(good).is_address(), "{good}");
        }
        for bad in ["", "ntfy.sh/books", "https://", "ftp://a/b", "https://a b"] {
            assert!(!Secret::new(bad).is_address(), "{bad}");
        }
    }
}
