//! Tests of queries on a small filled database and on damaged or extended copies of it.

mod books;
mod configuration;
mod explain;
mod grid;
mod health;
mod metrics;
mod runs;
mod status;
