//! Why a server can't be started or go on.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// Why a server can't be started or go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address can't be listened on.
    #[error("`{address}` cannot be listened on")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The address under which people reach it makes no sense.
    #[error("`{0}` is no public address: expected `https://HOST` or `http://HOST:PORT`")]
    PublicUrl(String),
    /// The threads that answer could not be started.
    #[error("the threads that answer could not be started")]
    Threads(#[source] io::Error),
}
