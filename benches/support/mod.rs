//! Databases of any size, and a table of where a night's time went. Measures nothing itself.
//!
//! | file | makes |
//! |---|---|
//! | `books` | a database from a seed, to copy for every night that is measured |
//! | `night` | one run on a copy |
//! | `stages` | the median time of each stage |

pub(crate) mod bench_run;
pub(crate) mod stage_times;
pub(crate) mod template;
