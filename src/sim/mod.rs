//! Simulates runs that crash, fail and meet other runs: the real engine over the real SQLite, on a
//! simulated disk. `docs/simulation.md` lists every fault with the reason why the books survive it.
//!
//! | file | does |
//! |---|---|
//! | `run_under_test` | a run of a scenario, about to start, and how it is made |
//! | `baseline` | records that run undisturbed: operations, acknowledgements, books |
//! | `crash_image` | the disk images that a crash at a point can leave |
//! | `recovery` | opens an image as the next process does |
//! | `recovery_checks` | checks a recovered disk, and the run repeated on it |
//! | `states` | the states that a run goes through, and which may be found when |
//! | `explore` | crashes the run at every point, with every image |
//! | `replay` | reproduces one finding in detail |
//! | `faults` | injects every fault at every call |
//! | `disk_checks` | checks the disk that a fault left, with a memo |
//! | `memory` | lets memory run out at every allocation |
//! | `pair` | makes two runs at once |
//! | `fuzz` | generates worlds and steps from a seed, with all of the above |
//! | `histories` | generates histories of changes, and rebuilds their databases from the final sources |
//! | `random` | random numbers from a seed |
//! | `shrink` | finds a small scenario with the same finding |
//! | `violation` | the rules that simulations find violated |
//! | `finding` | a violation with the token that reproduces it |

mod baseline;
mod crash_image;
mod disk_checks;
mod explore;
mod faults;
mod finding;
mod fuzz;
mod histories;
mod memory;
mod pair;
mod random;
mod recovery;
mod recovery_checks;
mod replay;
mod run_under_test;
mod shrink;
mod states;
mod violation;

pub use crash_image::{CrashImage, CrashImageError, Sampling};
pub use explore::{Crashes, ExploreOptions, ExploreReport, explore};
pub use faults::{FaultOptions, FaultReport, FaultTarget, inject_faults};
pub use finding::{Disturbance, Finding, ReplayToken, ReplayTokenError, SecondCrash, fault_name};
pub use fuzz::{FuzzOptions, FuzzReport, SeedResult, check_generated, fuzz, generate_scenario};
pub use histories::{
    HistoryOptions, HistoryReport, HistoryResult, RebuildDifference, check_history,
    generate_history, histories,
};
pub use memory::exhaust_memory;
pub use pair::{PairOptions, PairReport, run_pairs};
pub(crate) use random::RandomSource;
pub use replay::{PendingOperation, ReplayDetail, ReplayReport, Survival, replay};
pub use run_under_test::{DiskObserver, ProgressListener, RunUnderTest, SimError, runs_under_test};
pub use shrink::{InjectFault, shrink_finding};
pub use violation::Violation;
