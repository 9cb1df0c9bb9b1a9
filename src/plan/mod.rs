//! Planning, pure: a request and the facts of a survey become a plan. No I/O, no clock.
//!
//! `needed = expected − (done and still valid)`, said once for every session as an operation on
//! sets of portfolios: cost grows with portfolios and gaps, never with cells.
//! The rules, each reason with an example and the policies are in `docs/planning.md`.
//!
//! | file | holds |
//! |---|---|
//! | `request`, `target`, `policy`, `rules`, `who` | what is asked |
//! | `survey`, `roster` | the facts that were read |
//! | `start`, `open`, `decide`, `planner` | how the one becomes the other |
//! | `plan`, `reason`, `identity`, `difference`, `notice` | what comes out |
//! | `watermark` | how far the ledger is unbroken |
//! | `impact` | what a changed source takes out of it |

mod decide;
mod difference;
mod identity;
pub mod impact;
mod lifecycle_index;
mod notice;
mod open_cells;
#[allow(clippy::module_inception, reason = "the plan is what planning makes")]
mod plan;
mod planner;
mod policy;
mod range_start;
mod reason;
mod request;
mod resolve_scope;
mod rules;
mod survey;
mod target;
mod watermark;

pub use difference::{PlanDifference, StepChange};
pub use identity::{PlanId, PlanIdError};
pub use lifecycle_index::LifecycleIndex;
pub use notice::{Level, Notice, notices};
pub use plan::{DayPlan, Decision, Plan, SkipGroup, StepGroup};
pub use planner::{PlanError, plan};
pub use policy::{
    Deleted, Filter, FirstRun, Newcomers, Policy, PolicyName, ReplayOnly, UnknownIds,
    UnknownPolicy, Watermark, WatermarkScope,
};
pub use range_start::RangeStart;
pub use reason::{SkipReason, StepKind, StepReason};
pub use request::{Limit, Request};
pub use resolve_scope::{ResolvedScope, ScopeError, resolve_scope};
pub use survey::{BlockReason, BlockedCell, InvalidationCause, OpenInvalidation, Survey};
pub use target::{ResolvedTarget, Target, TargetError, Today};
pub use watermark::{FirstGap, ScopeWatermark, Watermarks, watermarks};
