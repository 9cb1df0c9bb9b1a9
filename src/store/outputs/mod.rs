//! What the phases put out, by cell. Figures stand in columns for people who ask with SQL; what
//! would be dozens of small rows a cell (holdings, weights, exposures to factors, results of
//! shocks) is packed beside them, and read back by the same code that wrote it.

mod books;
mod exposures;
mod output_writer;
mod packed;
mod packing;
mod positions;
mod raw_rows;
mod risk;
mod rows;
mod statistics;

pub use packed::{PackedCells, PackedStatistics};
pub use raw_rows::RawRows;
