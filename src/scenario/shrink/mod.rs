//! The smallest scenario on which a condition still holds: fewer portfolios, days, steps and keys,
//! and names from the beginning of the alphabet. The same file gives the same small one, always.
//!
//! | file | does |
//! |---|---|
//! | `condition` | what must go on holding, and of which kind it is |
//! | `draft` | a scenario as a table that can be made smaller |
//! | `passes` | every way to make a draft a little smaller |
//! | `shrink` | goes on as long as one of them works |
//! | `text` | a draft as a file that people read |

mod condition;
mod draft;
mod passes;
#[expect(
    clippy::module_inception,
    reason = "the file is named for what it does"
)]
mod shrink;
mod text;

pub use condition::{Condition, ConditionError, ConditionKind, Oracle};
pub use shrink::{ShrinkError, ShrinkResult, shrink};
