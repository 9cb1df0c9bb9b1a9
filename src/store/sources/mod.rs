//! What the books are made from: portfolios, securities, closes, transactions, splits, and the
//! risk model. Every change counts the revision up, so that a run that read the state before can
//! tell.

mod calendar;
mod entries;
#[cfg(test)]
mod fixture;
mod imports;
mod lifecycle_index;
mod model;
mod nearby_closes;
mod portfolios;
mod prices;
mod revision;
mod securities;
mod world;

pub use imports::ImportRecord;
pub use model::ModelNumber;
pub use revision::Revision;
pub use world::StoredWorld;
