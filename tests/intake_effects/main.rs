//! What a file changes, what it takes out of the ledger, and what it leaves alone: through a real
//! database and real runs.

mod books;
mod corrections;
mod files;
mod inbox;
mod lives;
mod naive;
mod properties;
mod sketch;
