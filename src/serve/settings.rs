//! Settings of the server: address, public URL, anonymous access, schedule, and the context of
//! its runs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::error::ServeError;
use crate::app::AppContext;
use crate::notify::Notifier;

/// The port if none is configured.
const DEFAULT_PORT: u16 = 7407;

/// Everything that a server works with.
#[derive(Debug)]
pub struct ServerContext {
    /// The database, settings and environment of its use cases.
    pub app: AppContext,
    /// The address and access settings.
    pub settings: ServeSettings,
    /// The schedule of automatic runs.
    pub schedule: Schedule,
    /// Sends notifications about runs.
    pub notifier: Notifier,
}

/// The schedule of automatic runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// A run starts as soon as a session is final, and when sources change in between.
    WhenFinal,
    /// No run starts automatically: a person or a timer of the system starts them.
    Never,
}

/// The address and the access rules of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeSettings {
    /// The address that it listens on; port 0 means any free port.
    pub address: SocketAddr,
    /// The URL of a reverse proxy in front of it, if there is one.
    pub public_url: Option<PublicUrl>,
    /// The access of users who did not sign in.
    pub anonymous: AnonymousAccess,
}

/// Access to pages without signing in. The API always requires a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnonymousAccess {
    /// Anonymous users may read all pages.
    Read,
    /// All users must sign in.
    None,
}

/// The scheme, host and port under which people reach the server.
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
    /// Parses a URL such as `https://books.example.com` or `http://books.lan:8080`.
    ///
    /// # Errors
    ///
    /// The scheme is not `http` or `https`, or the URL has a path, a user or no host. One `/` at
    /// the end is allowed.
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

    /// Returns whether the scheme is `https`, so that cookies can be limited to TLS.
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Host and port, in lower case.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl ServeSettings {
    /// Settings for `address`. Anonymous users may read only if the address is a loopback
    /// address and no proxy is in front of it.
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

    /// Returns whether a request with this `Host` header is meant for this server. This defeats
    /// DNS rebinding: a foreign page whose name resolves to this server sends its own name.
    ///
    /// Without a public URL, a server on another address than loopback does not know its names and
    /// allows all.
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
    /// Port 7407 on the loopback address.
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
