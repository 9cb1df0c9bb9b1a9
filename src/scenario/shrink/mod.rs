//! Finds a small scenario on which a condition still holds: fewer portfolios, days, steps and keys,
//! and names from the start of the alphabet. Deterministic: a file always gives the same result.
//!
//! | file | does |
//! |---|---|
//! | `condition` | the condition, and the kinds in which it can hold |
//! | `draft` | a scenario as a table that can be made smaller |
//! | `passes` | every way to make a draft a little smaller |
//! | `trial` | plays a draft, and tells whether the condition holds |
//! | `shrink` | applies them as long as the condition holds |
//! | `error` | errors of shrinking |
//! | `text` | writes a draft as a readable file |

mod condition;
mod draft;
mod error;
mod passes;
#[expect(
    clippy::module_inception,
    reason = "the file is named for what it does"
)]
mod shrink;
mod text;
mod trial;

#[cfg(test)]
mod tests;

pub use condition::{Condition, ConditionError, ConditionKind, Oracle, PolicyProblem};
pub use error::ShrinkError;
pub use shrink::{ShrinkResult, shrink};
