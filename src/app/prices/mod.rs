//! Fetches missing closes with a command of the user's.
//!
//! ```text
//! missing closes → JSON lines → command → CSV → a file of the inbox → import
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `price_feed` | the command, and one request to it |
//! | `failure` | the ways in which it fails, worded without secrets |
//! | `redact` | hides secrets in what it prints |
//! | `fetched` | the result of a request |
//! | `fetch` | request, import and record |

mod failure;
mod fetch;
mod fetched;
mod price_feed;
mod redact;

pub use failure::{FailedAnswer, PriceFailure};
pub use fetch::{REQUEST_PAUSE, RequestedCloses};
pub use fetched::{FetchOutcome, FetchedPrices};
pub use price_feed::PriceFeed;
