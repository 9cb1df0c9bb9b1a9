//! Notifications: content, timing, retries; none is lost or sent twice.

mod cli;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the stage")]
mod harness;
mod notifications;
mod outbox;
mod receiver;
