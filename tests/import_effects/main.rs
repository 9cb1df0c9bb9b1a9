//! What a file changes, what it takes out of the ledger, and what it leaves alone: through a real
//! database and real runs.

mod books;
mod corrections;
mod files;
mod inbox;
mod lifecycle;
mod properties;
mod reference;
mod sources;
