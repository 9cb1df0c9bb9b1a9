//! The server: an admin API for programs and status pages for people, over one database.
//!
//! ```text
//! connection → limits → host → access → extractors → read transactions, or the run's thread
//! ```
//!
//! | folder or file | holds |
//! |---|---|
//! | `settings`, `app_state` | address, access and context; the state shared by all requests |
//! | `server`, `http` | connections, limits, headers, problem documents, shutdown |
//! | `error` | errors of starting or running the server |
//! | `access` | tokens, login sessions, failed logins |
//! | `runner` | the current run, on a thread of its own |
//! | `outbox_worker` | delivery of notifications in the background |
//! | `schedule` | runs that start automatically |
//! | `extract` | parameters, forms and path segments of a request |
//! | `api` | the admin API and its description |
//! | `metrics`, `readiness` | metrics for Prometheus; the probe of the books |
//! | `pages` | the status pages, as HTML |
//!
//! Requests read on blocking threads, so that the HTTP threads never wait for the disk. Responses
//! are the values of `query` and `report`: the handlers only format them.

pub mod access;
mod api;
mod app_state;
mod error;
mod extract;
mod http;
mod metrics;
mod outbox_worker;
mod pages;
mod readiness;
mod runner;
mod schedule;
mod server;
mod settings;

pub use error::ServeError;
pub use server::{Server, Stopper};
pub use settings::{AnonymousAccess, PublicUrl, Schedule, ServeSettings, ServerContext};
