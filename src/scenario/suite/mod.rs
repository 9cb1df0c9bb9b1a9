//! Scenarios as files in folders, each with its golden transcript: found, run side by side, judged
//! and accepted. Works in anybody's folder.
//!
//! | file | does |
//! |---|---|
//! | `find` | which files are scenarios, and where their goldens and fixtures lie |
//! | `golden` | a golden file: what it holds, and whether anything still needs it |
//! | `case` | one scenario file: read, played, judged |
//! | `suite` | all of them, on several threads |

mod case;
mod find;
mod golden;
#[expect(
    clippy::module_inception,
    reason = "the file is named for what it runs"
)]
mod suite;

pub use case::{Case, CaseError, CaseResult, Verdict, play_file};
pub use find::{FindError, ScenarioFile, find_fixture, find_scenarios};
pub use golden::{Golden, orphaned_goldens};
pub use suite::{Accept, SuiteOptions, SuiteResult, policy_names, run};
