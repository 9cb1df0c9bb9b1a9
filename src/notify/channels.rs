//! Notification channels, their endpoints and the secrets that these need.

use std::fmt;

/// A text that is never printed or logged. Addresses are secrets too: knowing the address of a
/// chat webhook or a dead man's switch is enough to post to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text; white space around it, such as the newline at the end of a file, is removed.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The secret itself. Only requests may use it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The host and port of an address, without user and path; safe to show. Empty if the text is
    /// not an address.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default()
    }

    /// Returns whether it is an `http` or `https` address that a message can be sent to.
    pub fn is_address(&self) -> bool {
        let scheme = self.0.starts_with("https://") || self.0.starts_with("http://");
        scheme && !self.host().is_empty() && !self.0.contains(char::is_whitespace)
    }

    /// Returns whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A kind of destination for notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A dead man's switch in the manner of healthchecks.io: it gets a ping for each nightly run
    /// and raises an alarm when none arrives.
    Ping,
    /// A topic on an ntfy server.
    Ntfy,
    /// An address that accepts JSON by POST.
    Webhook,
}

impl Channel {
    /// All channels, in the order in which they are listed and tried.
    pub const ALL: [Self; 3] = [Self::Ping, Self::Ntfy, Self::Webhook];

    /// The name in the configuration and in the outbox table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Ntfy => "ntfy",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of this name, or `None` if no channel has it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The destination of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address that requests are posted to.
    pub url: Secret,
    /// The bearer token to send along, if the endpoint needs one.
    pub token: Option<Secret>,
}

/// The configured channels; none by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channels {
    /// The dead man's switch, if configured.
    pub ping: Option<Endpoint>,
    /// The ntfy topic, if configured.
    pub ntfy: Option<Endpoint>,
    /// The webhook, if configured.
    pub webhook: Option<Endpoint>,
}

impl Channels {
    /// The endpoint of a channel, or `None` if it is not configured.
    pub fn endpoint(&self, channel: Channel) -> Option<&Endpoint> {
        match channel {
            Channel::Ping => self.ping.as_ref(),
            Channel::Ntfy => self.ntfy.as_ref(),
            Channel::Webhook => self.webhook.as_ref(),
        }
    }

    /// Iterates over the configured channels.
    pub fn configured(&self) -> impl Iterator<Item = (Channel, &Endpoint)> {
        let channels = Channel::ALL.into_iter();
        channels.filter_map(|channel| Some((channel, self.endpoint(channel)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown_and_its_host_is() {
        let url = Secret::new("https://me:word@hc.example.com:8443/ping/4f1c?x=1\n");
        let endpoint = Endpoint {
            url: url.clone(),
            token: Some(Secret::new("tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")),
        };
        let shown = format!("{endpoint:?}");
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
