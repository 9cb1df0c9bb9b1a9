//! Stores the outputs of the phases, one row a cell and phase.
//!
//! The main figures have columns, for people who use SQL. Values that would be dozens of small rows
//! a cell (holdings, weights, factor exposures, results of shocks) are packed into one blob beside
//! them, since rows and bytes of the one writer limit a run. Each file packs and unpacks one phase.

mod aged_moves;
mod books;
mod exposures;
mod foreign_cash;
mod output_writer;
mod packed;
mod packing;
mod positions;
mod risk;
mod rows;
mod statistics;

pub use packed::{PackedCells, PackedStatistics};
pub use rows::{ReadOutputs, WriteOutputs};
