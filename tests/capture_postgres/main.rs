//! Captures the incident's own tables from a live PostgreSQL server.
//!
//! | file | tests |
//! |---|---|
//! | `server` | start a server for each test; without PostgreSQL the tests are skipped with a message |
//! | `incident` | the tables give the same state as in a SQLite file, also during writes |
//! | `logins` | TLS as `sslmode` says; passwords from the environment and from files |
//! | `certificates` | certificates for these |
//! | `refusals` | errors name the map's line and never contain a password |

mod certificates;
mod incident;
mod logins;
mod refusals;
mod server;
