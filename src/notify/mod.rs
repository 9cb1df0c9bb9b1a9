//! A word to the outside: when a night is done, and when something is wrong or is well again.
//!
//! ```text
//! a run ends → what is wrong now? → held against what was told → letters, in one transaction
//!            → sent, and sent again, by whoever has the time
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `channels` | to whom, and the secrets that takes |
//! | `change` | which troubles came, spread and went: pure |
//! | `letter` | what is said of that: pure |
//! | `bell` | what a run rings as it begins and ends |
//! | `delivery` | sending what was written, again where it is not taken |
//! | `post` | one request |
//!
//! A letter is written in the same transaction as the state that it speaks of, so that neither an
//! end of the process nor a dead network loses it or sends it twice for one change. Sending never
//! fails a run and never makes one wait.

mod alert_state;
mod channels;
mod delivery;
mod http_client;
mod message;
mod notifier;

pub use channels::{Channel, Channels, Endpoint, Secret};
pub use delivery::{DeliveryMode, DeliveryOutcome, DeliveryReport, deliver};
pub use notifier::{Notifier, NotifyContext, RunNotifications};
