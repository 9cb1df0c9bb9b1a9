//! Connects to PostgreSQL servers, with the parameters and files of `libpq`.
//!
//! | file | does |
//! |---|---|
//! | `parameters` | read a URL, and take out the parameters that the client does not know |
//! | `variables` | environment variables and default files of `libpq` |
//! | `password_file` | find a password in `~/.pgpass` |
//! | `tls` | check certificates as `sslmode` says |
//! | `login` | put these together, and connect |
//! | `address` | write the address of a database for other programs |
//! | `error` | errors, without passwords |

mod address;
mod error;
mod login;
mod parameters;
mod password_file;
mod tls;
mod variables;

pub(crate) use address::PasswordInUrl;
pub use error::PostgresError;
pub(crate) use login::{PasswordRedactor, PostgresConnection, PostgresLogin};
pub use variables::LibpqVariables;
