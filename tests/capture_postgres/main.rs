//! The incident's own tables, captured from a live PostgreSQL server.
//!
//! | file | claims |
//! |---|---|
//! | `server` | starts a server for each test; where there is none the tests say they are left out |
//! | `incident` | the incident's tables in it give what they give in a SQLite file, while others write |
//! | `refusals` | what is wrong is said with the map's line, and never with a password |

mod incident;
mod refusals;
mod server;
