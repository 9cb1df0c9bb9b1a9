//! Supports the benches of nightly runs. Measures nothing itself.
//!
//! | file | provides |
//! |---|---|
//! | `template` | a database generated from a seed, copied for every measured run |
//! | `bench_run` | one run on a copy |
//! | `stage_times` | the median time of each stage |

pub(crate) mod bench_run;
pub(crate) mod stage_times;
pub(crate) mod template;
