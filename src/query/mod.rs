//! Answers questions from a database, and changes nothing.
//!
//! | file | answers |
//! |---|---|
//! | `concerns` | the states that an operator must be told of, for all surfaces |
//! | `sessions_behind` | the portfolios that are further behind than allowed |
//! | `foreign_lag` | the same for the tables of another program |
//! | `old_inputs` | the complete cells with prices or rates that are older than allowed |
//! | `status` | the progress of each portfolio, and the cell that holds the watermark back |
//! | `alert_conditions` | the states that raise an alert |
//! | `explain`, `explanation` | the state of one cell, and the reasons for it |
//! | `books`, `months`, `holdings` | a portfolio's value, returns and holdings |
//! | `calendars` | built-in and own calendars, and the days of one in a year |
//! | `realized` | realized profit by lot |
//! | `transaction_history`, `close_history` | what transactions and closes were before they changed |
//! | `securities` | attributes of securities, with those that they had before |
//! | `actions` | corporate actions, and what they were before they changed |
//! | `runs`, `live` | past runs, the run that is active, and its lease |
//! | `metrics` | the values for a monitoring system |
//! | `missing_prices` | the closes that the command that fetches prices is asked for |
//! | `health`, `unpriced_inputs` | the quality of prices and rates |
//! | `coverage` | the cells that are proven done, session by session |
//! | `replay` | the cells that a policy would leave behind, and the rules that cause it |
//! | `verify` | whether ledger, outputs and sources agree |
//! | `resolve`, `names` | the portfolios meant by typed names; display names of ids |
//!
//! Answers are plain values that serialize: days as ISO dates, money, prices and quantities as
//! decimal strings (a JSON number would lose digits), ratios as numbers. `grid`, `reason`,
//! `failures`, `next_command`, `evaluation` and `serialize` hold the parts that answers share. Nothing
//! here prints, and nothing here decides which cells are needed: the planner does.

mod accepted_prices;
mod actions;
mod alert_conditions;
mod books;
mod calendars;
mod close_history;
mod concerns;
mod correction_view;
mod coverage;
mod error;
mod evaluation;
mod explain;
mod explanation;
mod failures;
mod foreign_lag;
mod grid;
mod health;
mod holdings;
mod live;
mod metrics;
mod missing_outputs;
mod missing_prices;
mod months;
mod names;
mod next_command;
mod old_inputs;
mod realized;
mod reason;
mod replay;
mod resolve;
mod runs;
mod securities;
mod serialize;
mod sessions_behind;
mod status;
mod transaction_history;
mod unpriced_inputs;
mod verify;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use accepted_prices::{AcceptedPricesView, accepted_prices};
pub use actions::{ActionChangeView, ActionView, action_history, actions};
pub use alert_conditions::{AlertConditions, AlertPortfolio, alert_conditions};
pub use books::{Books, BooksReader, SessionBooks, Totals, books};
pub use calendars::{
    CalendarSummary, CalendarYear, ClosedDay, EarlyClose, KnownCalendar, UseCounts,
    built_in_calendars, calendar_year, own_calendars,
};
pub use close_history::{CloseChangeView, close_history};
pub use concerns::{
    Concern, ConcernFact, ConcernInputs, ConcernKind, ConcernLimits, Concerns, InboxState,
    RejectedFileView, RiskRole, Severity, StalePortfolio, StaleRiskInput, WaitingFileView,
    concerns,
};
pub use correction_view::CorrectionView;
pub use coverage::{PhaseCounts, SessionCoverage, coverage};
pub use error::{QueryError, no_active_portfolio_text};
pub use explain::{explain, explain_newest};
pub use explanation::{
    CellState, Expectation, ExplainedPortfolio, Explanation, InvalidationView, LedgerState,
    OutputState, PhaseState, PolicyView, Presence, SecuritiesView,
};
pub use foreign_lag::ForeignBooks;
pub use grid::{Grid, GridRow, Mark};
pub use health::{
    BlockedCellView, FailingPhase, Health, PortfolioName, UnpricedSessionView, health,
};
pub use holdings::{ExposuresView, Holdings, PositionView, PositionsView, RiskView, Validity};
pub use live::{LeaseState, LeaseView, LiveRun, live_run};
pub use metrics::{EndedRun, Metrics, metrics};
pub use missing_prices::{
    MissingCloses, MissingPrices, REFUSED_FOR, RefusedCloses, missing_prices,
};
pub use months::MonthReturn;
pub use names::Names;
pub use next_command::{NextCommand, portfolio_option, positional, quoted_path, shell_quoted};
pub use old_inputs::cells_with_old_inputs;
pub use realized::{RealizedGain, RealizedGains, realized_gains};
pub use reason::{CellReason, FailureView, MissingInput};
pub use replay::{DayCells, NightResult, PolicyReplay, Replay, RuleEffect, replay_policy};
pub use resolve::{ALL_ACTIVE, NamedScope, SHORT_ID_LENGTH, resolve_names, resolve_portfolio};
pub use runs::{RunDetails, run, runs, runs_before};
pub use securities::{SecurityView, securities};
pub use sessions_behind::{Lag, lag};
pub use status::{
    CellTotals, Order, PortfolioStatus, Status, StatusOptions, StatusVerdict, WatermarkHolder,
    status,
};
pub use transaction_history::{
    TransactionChangeView, TransactionHistory, TransactionView, transaction_history,
};
pub use unpriced_inputs::{PriceState, UnpricedSecurity};
pub use verify::{Check, Claim, Sample, Verdict, Verification, VerifyProgress, unreadable, verify};
