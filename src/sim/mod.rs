//! Runs that crash, fail and meet others: the real engine over the real SQLite, on a disk that is
//! simulated. `docs/simulation.md` tells which fault may strike where, and why the books survive.
//!
//! | file | is |
//! |---|---|
//! | `subject` | a run of a scenario, about to start, and how it is made |
//! | `course` | that run undisturbed: what it did to the disk, what it acknowledged, its books |
//! | `image` | what a crash at a point can leave of the disk |
//! | `recovery` | a disk that was left, opened by the next process |
//! | `judge` | what must hold then, and once the run is made again |
//! | `states` | the states that the run goes through, and which may be found when |
//! | `explore` | every point of the course, every image, judged |
//! | `replay` | one finding again, told in detail |
//! | `faults` | every fault at every call |
//! | `leftovers` | what a fault left, judged and remembered |
//! | `memory` | memory that runs out at every allocation |
//! | `pair` | two runs at once |
//! | `mutants` | faults planted on purpose, which simulations must find |
//! | `fuzz` | worlds, what happens to them and all of the above, drawn from a seed |
//! | `draws` | what is drawn from a seed |
//! | `smaller` | the smallest scenario on which the same is found |
//! | `finding` | what does not hold, and the token by which it is found again |

mod baseline;
mod crash_image;
mod disk_checks;
mod explore;
mod faults;
mod finding;
mod fuzz;
mod memory;
#[cfg(feature = "mutants")]
pub mod mutants;
mod pair;
mod random;
mod recovery;
mod recovery_checks;
mod replay;
mod run_under_test;
mod shrink;
mod states;

pub use crash_image::{CrashImage, CrashImageError, Sampling};
pub use explore::{Crashes, ExploreOptions, ExploreReport, explore};
pub use faults::{FaultOptions, FaultReport, FaultTarget, inject_faults};
pub use finding::{Disturbance, Finding, ReplayToken, ReplayTokenError, SecondCrash, fault_name};
pub use fuzz::{FuzzOptions, FuzzReport, SeedResult, check_generated, fuzz, generate_scenario};
pub use memory::exhaust_memory;
pub use pair::{PairOptions, PairReport, run_pairs};
pub use replay::{PendingOperation, ReplayDetail, ReplayReport, Survival, replay};
pub use run_under_test::{ProgressListener, RunUnderTest, SimError, runs_under_test};
pub use shrink::{InjectFault, shrink_finding};
