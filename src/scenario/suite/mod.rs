//! Finds scenarios in folders, plays them in parallel, and compares each with its golden
//! transcript. Works in any folder, not only in this repository.
//!
//! | file | does |
//! |---|---|
//! | `find` | finds scenarios, their golden files and fixtures |
//! | `golden` | reads, writes and compares golden files; finds orphaned ones |
//! | `case` | reads and plays one scenario file |
//! | `suite` | runs all of them on several threads |

mod case;
mod find;
mod golden;
#[expect(
    clippy::module_inception,
    reason = "the file is named for what it runs"
)]
mod suite;

pub use case::{Case, CaseError, CaseResult, GoldenMatch, StepOutput, Verdict, play_file};
pub use find::{FindError, ScenarioFile, find_fixture, find_scenarios};
pub use golden::{Golden, orphaned_goldens};
pub use suite::{Accept, SuiteOptions, SuiteResult, policy_names, run};
pub(crate) use suite::{MissingGolden, compare_with_golden};
