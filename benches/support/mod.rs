//! Databases of any size from a seed, and a table of where a night's time went. Measures nothing
//! itself, and is no fixture for tests: what comes out is never compared.
//!
//! | file | makes |
//! |---|---|
//! | `market` | securities and their closes |
//! | `trades` | the transactions of a portfolio |
//! | `books` | a database of both, to copy for every night that is measured |
//! | `night` | one run on a copy |
//! | `stages` | the median time of each stage |

pub(crate) mod books;
mod market;
pub(crate) mod night;
pub(crate) mod stages;
mod trades;
