//! The server: an admin API for programs and status pages for people, over one database.
//!
//! ```text
//! connection → limits → host → who asks → what is asked → one read transaction, or the run's thread
//! ```
//!
//! | folder or file | holds |
//! |---|---|
//! | `settings`, `desk` | what is served and how; what every request works with |
//! | `server`, `http` | connections, limits, headers, the one shape of errors, the end |
//! | `access` | tokens, failed logins, who asks |
//! | `runner` | the one run at work, on a thread of its own |
//! | `courier` | what is to be told to the outside, sent beside everything else |
//! | `schedule` | when a run starts by itself |
//! | `asked` | parameters of a request, and what they mean |
//! | `api` | the admin API and its description |
//! | `metrics` | what a monitoring system draws and watches |
//! | `pages` | the status pages |
//!
//! A request reads in one transaction, on one of few threads for that, so that the threads that
//! answer never wait for the disk. What is answered is what `inquiry` and `report` give: nothing
//! here decides or computes.

pub mod access;
mod api;
mod app_state;
mod error;
mod extract;
mod http;
mod metrics;
mod outbox_worker;
mod pages;
mod runner;
mod schedule;
mod server;
mod settings;

pub use error::ServeError;
pub use server::{Server, Stopper};
pub use settings::{AnonymousAccess, PublicUrl, Schedule, ServeSettings, ServerContext};
