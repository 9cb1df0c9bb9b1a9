//! Databases of any size from a seed, to be measured on. No fixture for tests: what comes out of
//! them is never compared.
//!
//! | file | makes |
//! |---|---|
//! | `market` | securities and their closes |
//! | `trades` | the transactions of a portfolio |
//! | `books` | a database of both |

mod books;
mod market;
mod trades;

pub use books::{InitialCoverage, Shape, create_database, now};
