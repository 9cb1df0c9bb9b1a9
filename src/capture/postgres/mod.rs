//! Reads the live PostgreSQL database of another program.
//!
//! | file | does |
//! |---|---|
//! | `database` | read the tables of a map in one read-only transaction |
//! | `error` | errors of a mapped table |

mod database;
mod error;

pub(super) use database::LiveDatabase;
pub use database::capture_postgres;
pub use error::PostgresTableError;
