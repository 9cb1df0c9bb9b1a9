//! Creates databases of any size from a seed, for benchmarks. Tests must not compare their numbers.
//!
//! | file | generates |
//! |---|---|
//! | `market` | securities and their closes |
//! | `trades` | transactions of a portfolio |
//! | `books` | databases with both |

mod books;
mod market;
mod trades;

pub use books::{InitialCoverage, Shape, create_database};
pub use market::now;
