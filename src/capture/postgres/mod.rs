//! Reads the live PostgreSQL database of another program.
//!
//! | file | does |
//! |---|---|
//! | `parameters` | read a URL, and take out the parameters that the client does not know |
//! | `variables` | environment variables and default files of `libpq` |
//! | `password_file` | find a password in `~/.pgpass` |
//! | `tls` | check certificates as `sslmode` says |
//! | `login` | put these together, and connect |
//! | `database` | read the tables of a map in one read-only transaction |
//! | `error` | errors, without passwords |

mod database;
mod error;
mod login;
mod parameters;
mod password_file;
mod tls;
mod variables;

pub use database::capture_postgres;
pub use error::PostgresError;
pub use variables::LibpqVariables;
