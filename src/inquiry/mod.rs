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

mod books;
mod called;
mod coverage;
mod error;
mod explain;
mod explanation;
mod grid;
mod health;
mod held;
mod lag;
mod live;
mod metrics;
mod months;
mod replay;
mod runs;
mod status;
mod troubles;
mod verify;
mod who;
mod why;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use books::{Books, SessionBooks, Totals, Validity, books};
pub use called::Called;
pub use coverage::{PhaseCounts, SessionCoverage, coverage};
pub use error::InquiryError;
pub use explain::{explain, quoted};
pub use explanation::{
    Expectation, Explained, Explanation, InvalidationSeen, PhaseState, PolicyView, Presence,
    SecuritiesSeen,
};
pub use grid::{Grid, GridRow, Mark};
pub use health::{FailingPhase, Health, Named, PriceState, Unpriced, WaitingCell, health};
pub use held::{Held, HeldExposures, HeldPosition, HeldPositions, HeldRisk};
pub use lag::{Lag, lag};
pub use live::{LiveRun, live_run};
pub use metrics::{Ended, Metrics, metrics};
pub use months::MonthReturn;
pub use replay::{CellsOn, NightSeen, PolicyReplay, Replay, RuleSeen, replayed};
pub use runs::{RunAnswer, run, runs, runs_before};
pub use status::{
    CellTotals, LeaseSeen, LeaseState, LifeWord, Order, PortfolioStatus, ScopeHolder, Shown,
    Status, status,
};
pub use troubles::{Troubled, Troubles, troubles};
pub use verify::{Check, Claim, Pace, Sample, Verdict, Verification, verify};
pub use who::{EVERYBODY, NamedScope, portfolio, scope};
pub use why::{FailureSeen, Wait, Why};
