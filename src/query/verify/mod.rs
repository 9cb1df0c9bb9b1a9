//! Verifies a database from its rows alone: the outputs that the ledger proves done exist, the
//! books add up, and the sources still give the same bits.
//!
//! Each [`Claim`] is checked by itself. It is proven, with the number of places checked, or broken,
//! with findings that name portfolio, day, phase and both values. An unreadable row is a finding,
//! not an error.
//!
//! Outputs are read session by session, each in its own transaction, so that no run waits for a
//! verification. Only the sources of the portfolios to recompute are held in memory.

mod books;
mod check;
mod facts;
mod ledger;
mod recompute;
mod record;
mod runs;
mod sample;
mod sources;
#[expect(
    clippy::module_inception,
    reason = "the file is named for the function"
)]
mod verify;

#[cfg(test)]
mod tests;

pub use check::{Check, Claim, Verdict, Verification, VerifyProgress};
pub(super) use record::damage_remedy;
pub use record::unreadable;
pub use sample::Sample;
pub use verify::verify;
