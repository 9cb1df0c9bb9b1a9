//! `plimsoll job` with a job on a PostgreSQL server that the test starts. The tests pass without doing
//! anything, and say so, where no server is installed.
//!
//! | file | checks |
//! |---|---|
//! | `server` | the server, shared with the tests of captures |
//! | `workspace` | a folder with a job file, in which tests run the program |
//! | `runs` | cells, types of columns, faults and promises |
//! | `table` | the table of promises in the docs, shared with the tests of the example jobs |
//! | `examples` | the example jobs for PostgreSQL, in SQL and with SQLAlchemy |
//! | `removal` | databases are dropped after each end, and those of killed runs by the next one |
//! | `refusals` | servers, rights, schemas and URLs that cannot be used |

mod examples;
mod refusals;
mod removal;
mod runs;
#[path = "../capture_postgres/server.rs"]
#[allow(dead_code, reason = "these tests need no TLS")]
mod server;
#[path = "../example_jobs/table.rs"]
#[allow(dead_code, reason = "the jobs of the table are on SQLite")]
mod table;
mod workspace;
