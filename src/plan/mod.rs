//! Turns a request and the facts of a survey into a plan. Pure: no I/O, no clock.
//!
//! `needed = expected − (done and still valid)`, computed once per session as an operation on sets
//! of portfolios. No loop visits every cell, so the cost grows with sessions and gaps.
//! The rules, the policies, the reasons and the measured cost are in `docs/planning.md`.
//!
//! | file | holds |
//! |---|---|
//! | `request`, `target`, `policy`, `rules`, `resolve_scope` | the input: scope, range and rules |
//! | `survey` | the input: facts read from the database |
//! | `range_start`, `open_cells`, `decide`, `planner` | the planning |
//! | `plan`, `reason`, `identity`, `difference`, `notice` | the output |
//! | `watermark` | the end of each portfolio's complete prefix |

mod decide;
mod difference;
mod identity;
mod notice;
mod open_cells;
#[allow(clippy::module_inception, reason = "the plan is what planning makes")]
mod plan;
mod planner;
mod policy;
mod range_remark;
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
pub use notice::{Level, Notice, notices};
pub use plan::{DayPlan, Decision, Plan, SkipGroup, StepGroup};
pub use planner::{PlanError, plan};
pub(crate) use policy::PolicySpec;
pub use policy::{
    Deleted, Filter, Newcomers, Policy, PolicyName, ReplayOnly, UnknownIds, UnknownPolicy,
    Watermark, WatermarkScope,
};
pub use range_remark::{RangeRemark, range_remarks};
pub use range_start::RangeStart;
pub use reason::{SkipReason, StepKind, StepReason};
pub use request::{Limit, Request};
pub use resolve_scope::{ResolvedScope, ScopeError, resolve_scope};
pub use survey::{BlockReason, BlockedCell, Survey, UnpricedSession};
pub use target::{ResolvedTarget, Target, TargetError, Today};
pub use watermark::{FirstGap, ScopeWatermark, Watermarks, watermarks};
