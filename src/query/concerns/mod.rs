//! Concerns: the states that an operator must be told of, each computed once for all surfaces.
//!
//! `status`, `check`, `alerts`, metrics, notifications, pages and the API render the same values.
//! A new state is a variant of [`ConcernKind`] and of [`ConcernFact`]; the compiler then names each
//! place that must handle it. Renderers decide nothing.
//!
//! | file | holds |
//! |---|---|
//! | `kind` | the kinds of states, and how serious each is |
//! | `inputs` | limits, and facts from outside the database |
//! | `fact` | the facts of one state |
//! | `concern` | a state with its portfolios and the next command |
//! | `evaluate` | finding all states of one survey and plan |
//! | `late` | the portfolios that are further behind than allowed |
//! | `inbox`, `verification` | the concerns of the inbox, and of damage and verifications |
//! | `price_command` | the concern of the command that fetches prices |
//! | `stale_inputs` | finding portfolios with old prices or rates |
//! | `risk` | finding portfolios without figures of risk, and a benchmark or factor with old closes |

mod concern;
mod evaluate;
mod fact;
mod inbox;
mod inputs;
mod kind;
mod late;
mod price_command;
mod risk;
mod stale_inputs;
mod verification;

pub use concern::{Concern, Concerns};
pub use evaluate::concerns;
pub use fact::{ConcernFact, RiskRole, StaleRiskInput};
pub use inputs::{ConcernInputs, ConcernLimits, InboxState, RejectedFileView, WaitingFileView};
pub use kind::{ConcernKind, Severity};
pub(in crate::query) use late::Late;
pub use stale_inputs::StalePortfolio;
pub(super) use stale_inputs::stale_cells;
