//! Outbound notifications: pings for nightly runs, and messages when alerts are raised or cleared.
//!
//! ```text
//! a run ends → alert conditions now → compared with the active alerts → outbox, one transaction
//!            → delivered, with retries, by this run, the next one or the server
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `channels` | channels, endpoints, secrets |
//! | `alert_state` | active alerts and their changes: pure |
//! | `message` | pings and alert messages: pure |
//! | `notifier` | notifications of the start and the end of a run |
//! | `delivery` | delivery of the outbox, with retries |
//! | `http_client` | one request |
//!
//! A message is written in the same transaction as the alert state that it reports, so that
//! neither a crash nor a dead network loses it or repeats it for one change. Delivery never fails
//! a run and never delays one.

mod alert_state;
mod channels;
mod delivery;
mod http_client;
mod message;
mod notifier;

pub use channels::{Channel, Channels, Endpoint, Secret};
pub use delivery::{DeliveryMode, DeliveryOutcome, DeliveryReport, deliver};
pub use notifier::{Notifier, NotifyContext, RunNotifications};
