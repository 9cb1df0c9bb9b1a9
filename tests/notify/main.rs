//! A word to the outside: what is told, when, and that nothing of it is lost or told twice.

mod cli;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the stage")]
mod harness;
mod notifications;
mod receiver;
