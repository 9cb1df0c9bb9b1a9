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
//! A message is written in the same transaction as the alert state that it reports, so a change
//! that is recorded has its message, and only one. The message stays in the outbox until it is
//! accepted, or until an attempt fails a day later. A crash between sending and deleting a message
//! sends it a second time. Delivery never fails a run and never delays one.

mod alert_state;
mod channels;
mod delivery;
mod http_client;
mod message;
mod notifier;

pub use channels::{Channel, Channels, Endpoint, Secret};
pub use delivery::{DeliveryMode, DeliveryOutcome, DeliveryReport, deliver};
pub use notifier::{Notifier, NotifyContext, RunNotifications};
