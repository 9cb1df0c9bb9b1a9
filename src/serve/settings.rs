//! What is served, where, and to whom.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::ServeError;
use crate::engine::Settings;
use crate::environment::Environment;
use crate::import::apply::ImportContext;
use crate::notify::Notifier;
use crate::phases::LONGEST_WINDOW;
use crate::plan::Policy;
use crate::store::Store;

/// The port that is listened on where none is configured.
const DEFAULT_PORT: u16 = 7407;

/// Everything a server works with.
#[derive(Debug)]
pub struct ServerContext {
    /// The database.
    pub store: Store,
    /// What runs are told.
    pub engine: Settings,
    /// By which rules runs choose work where a request names no policy.
    pub policy: Policy,
    /// How many threads a run computes on; all processors where not given.
    pub jobs: Option<NonZeroUsize>,
    /// The folder whose files a run takes in first.
    pub inbox: Option<PathBuf>,
    /// Time, ids and process.
    pub environment: Environment,
    /// Where and to whom.
    pub settings: ServeSettings,
    /// Whether runs start by themselves.
    pub schedule: Schedule,
    /// Tells the outside what runs come to.
    pub notifier: Notifier,
}

/// Whether runs start by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// One does as soon as a session is final, and when what is needed changes in between.
    WhenFinal,
    /// None does: a person, or a timer of the system, starts them.
    Never,
}

impl ServerContext {
    /// Under what files are taken in.
    pub(super) fn terms(&self) -> ImportContext<'_> {
        ImportContext {
            calendar: &self.engine.calendar,
            window: LONGEST_WINDOW,
            now: self.environment.clock.now(),
        }
    }
}

/// Where a server listens and whom it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// Under which address people reach it, where that is another: a reverse proxy's.
    pub public_url: Option<PublicUrl>,
    /// Who may look at pages without signing in.
    pub anonymous: AnonymousAccess,
}

/// Who may look at pages without signing in. Programs always show a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnonymousAccess {
    /// Whoever reaches the server.
    Read,
    /// Nobody.
    None,
}

/// The address under which people reach the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: Scheme,
    authority: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl PublicUrl {
    /// Reads `https://books.example.com` or `http://books.lan:8080`: no path, no user.
    pub fn parse(text: &str) -> Result<Self, ServeError> {
        let refused = || ServeError::PublicUrl(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(refused)?;
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(refused()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let known = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(known) {
            return Err(refused());
        }
        Ok(Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
        })
    }

    /// Whether it is reached through TLS, so that cookies can be held to that.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Host and port, in lower case.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl ServeSettings {
    /// Listening at `address`. Guests are welcome where only this machine reaches it.
    pub fn new(address: SocketAddr, public_url: Option<PublicUrl>) -> Self {
        let anonymous = match (address.ip().is_loopback(), &public_url) {
            (true, None) => AnonymousAccess::Read,
            _ => AnonymousAccess::None,
        };
        Self {
            address,
            public_url,
            anonymous,
        }
    }

    /// Whether a request whose `Host` header says `host` is meant for this server. A page of
    /// somebody else whose name is made to point here comes with that name.
    pub fn is_allowed_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if let Some(url) = &self.public_url
            && url.authority == host
        {
            return true;
        }
        let ip = self.address.ip();
        let name = without_port(&host);
        if !ip.is_loopback() {
            return self.public_url.is_none() || name.parse::<IpAddr>().is_ok();
        }
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl Default for ServeSettings {
    /// On this machine alone.
    fn default() -> Self {
        Self::new(
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT),
            None,
        )
    }
}

/// The host of an authority, an IPv6 address without its brackets.
fn without_port(authority: &str) -> &str {
    if let Some((inside, _)) = authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        return inside;
    }
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_access_defaults_to_read_on_loopback_only() {
        let at = |address: &str, url| ServeSettings::new(address.parse().unwrap(), url).anonymous;
        let proxied = PublicUrl::parse("https://books.example.com").unwrap();
        assert_eq!(at("127.0.0.1:1", None), AnonymousAccess::Read);
        assert_eq!(at("[::1]:1", None), AnonymousAccess::Read);
        assert_eq!(at("127.0.0.1:1", Some(proxied)), AnonymousAccess::None);
        assert_eq!(at("0.0.0.0:1", None), AnonymousAccess::None);
    }

    #[test]
    fn foreign_host_names_are_rejected() {
        let local = ServeSettings::default();
        for host in [
            "localhost:7407",
            "127.0.0.1:7407",
            "[::1]:7407",
            "LOCALHOST",
            "127.0.0.2",
        ] {
            assert!(local.is_allowed_host(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", ""] {
            assert!(!local.is_allowed_host(host), "{host}");
        }
        let url = PublicUrl::parse("https://Books.example.com/").unwrap();
        let proxied = ServeSettings::new(local.address, Some(url));
        assert!(
            proxied.is_allowed_host("books.example.com")
                && proxied.is_allowed_host("localhost:7407")
        );
        assert!(!proxied.is_allowed_host("evil.example"));
    }

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        assert!(
            PublicUrl::parse("https://books.example.com")
                .unwrap()
                .is_secure()
        );
        assert!(
            !PublicUrl::parse("http://books.lan:8080")
                .unwrap()
                .is_secure()
        );
        for text in [
            "books.example.com",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://u@a",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
