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

mod course;
mod draws;
mod explore;
mod faults;
mod finding;
mod fuzz;
mod image;
mod judge;
mod leftovers;
mod memory;
#[cfg(feature = "mutants")]
pub mod mutants;
mod pair;
mod recovery;
mod replay;
mod smaller;
mod states;
mod subject;

pub use explore::{Crashes, ExploreTerms, Explored, explore};
pub use faults::{Asked, FaultTerms, Faulted, faults};
pub use finding::{Again, Finding, Place, Token, TokenError, word};
pub use fuzz::{FuzzTerms, Fuzzed, Tried, fuzz, tale, tell};
pub use image::{Extent, Image, ImageError};
pub use memory::memory;
pub use pair::{PairTerms, Paired, pair};
pub use replay::{Left, Pending, Replayed, Story, replay};
pub use smaller::{Plant, shrink_finding};
pub use subject::{Listener, SimError, Subject, subjects};
