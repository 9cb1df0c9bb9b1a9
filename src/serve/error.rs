//! Errors of starting or running the server.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// An error of starting or running the server.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Listening on the address failed.
    #[error("failed to listen on `{address}`")]
    Address {
        /// The address from the configuration.
        address: SocketAddr,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The public URL has another form than `SCHEME://HOST[:PORT]`.
    #[error("invalid public URL `{0}`: expected `https://HOST` or `http://HOST:PORT`")]
    PublicUrl(String),
    /// Starting the HTTP worker threads failed.
    #[error("failed to start the HTTP worker threads")]
    Threads(#[source] io::Error),
}
