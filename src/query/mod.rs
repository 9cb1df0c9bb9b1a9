//! Answers questions from a database, and changes nothing.
//!
//! | file | answers |
//! |---|---|
//! | `lag` | who is further behind than is allowed? |
//! | `status` | how far is everybody, and who holds us back? |
//! | `troubles` | what is wrong, so that somebody outside should know of it? |
//! | `explain`, `explanation` | what is it with this cell? |
//! | `books`, `months`, `held` | what is this portfolio worth, and how did it get there? |
//! | `runs`, `live` | what did a run do, and what does the one at work? |
//! | `metrics` | what is there to be drawn and watched? |
//! | `health` | how good is the data it is made from? |
//! | `coverage` | what is proven done, session by session? |
//! | `replay` | whom would this policy leave behind, and by which rule? |
//! | `verify` | is all of it true? |
//! | `who`, `called` | who is meant by what was typed, and what are those called? |
//!
//! Answers are plain values that serialize: days as ISO dates, money, prices and quantities as
//! decimal strings (a JSON number would lose digits), ratios as numbers. `grid`, `why` and
//! `words` hold what the answers share. Nothing here prints, and nothing here decides what is
//! needed: that is planning's, which is asked.

mod alert_conditions;
mod books;
mod coverage;
mod error;
mod explain;
mod explanation;
mod grid;
mod health;
mod holdings;
mod live;
mod metrics;
mod months;
mod names;
mod reason;
mod replay;
mod resolve;
mod runs;
mod serialize;
mod sessions_behind;
mod status;
mod verify;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use alert_conditions::{AlertConditions, AlertPortfolio, alert_conditions};
pub use books::{Books, SessionBooks, Totals, Validity, books};
pub use coverage::{PhaseCounts, SessionCoverage, coverage};
pub use error::QueryError;
pub use explain::{explain, shell_quoted};
pub use explanation::{
    Expectation, ExplainedPortfolio, Explanation, InvalidationView, PhaseState, PolicyView,
    Presence, SecuritiesView,
};
pub use grid::{Grid, GridRow, Mark};
pub use health::{
    BlockedCellView, FailingPhase, Health, PortfolioName, PriceState, UnpricedSecurity, health,
};
pub use holdings::{ExposuresView, Holdings, PositionView, PositionsView, RiskView};
pub use live::{LiveRun, live_run};
pub use metrics::{EndedRun, Metrics, metrics};
pub use months::MonthReturn;
pub use names::DisplayNames;
pub use reason::{CellReason, FailureView, MissingInput};
pub use replay::{DayCells, NightResult, PolicyReplay, Replay, RuleEffect, replay_policy};
pub use resolve::{ALL_ACTIVE, NamedScope, resolve_names, resolve_portfolio};
pub use runs::{RunDetails, run, runs, runs_before};
pub use sessions_behind::{Lag, lag};
pub use status::{
    CellTotals, LeaseState, LeaseView, LifecycleState, Order, PortfolioStatus, Status,
    StatusOptions, WatermarkHolder, status,
};
pub use verify::{Check, Claim, Sample, Verdict, Verification, VerifyProgress, verify};
