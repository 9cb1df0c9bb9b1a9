//! Renders plans, outcomes and answers as text, grids, JSON, CSV and metrics. Nothing here reads a
//! database, prints, or reads a clock.

mod accepted_prices;
mod actions;
mod alerts;
mod books;
mod calendars;
mod cash;
mod certificate;
mod chart;
mod concerns;
mod corrections;
mod days;
mod error_text;
mod explain;
mod fit;
mod grid;
mod holdings;
mod import;
mod inbox;
mod json;
mod metrics;
mod missing_prices;
pub mod number;
mod outcome;
mod page;
mod palette;
mod phrase;
mod plan;
mod policies;
mod portfolios;
mod profiles;
mod realized;
mod replay;
mod runs;
mod securities;
mod sessions_behind;
mod status;
mod table;
mod tally;
mod tokens;
mod tone;
mod verification;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod query_samples;
#[cfg(test)]
mod style;

pub use accepted_prices::accepted_prices_text;
pub use actions::{action_history_text, actions_text, deleted_action_json, deleted_action_text};
pub use alerts::{alerts_json, alerts_text};
pub use books::{books_text, cash_csv, positions_csv, series_csv};
pub use calendars::{calendar_text, calendars_text};
pub use concerns::{cleared_text, concern_text, concern_title};
pub use corrections::{
    close_history_text, deleted_closes_json, deleted_closes_text, transaction_history_text,
    voided_json, voided_text,
};
pub use error_text::{error_with_causes, join_causes};
pub use explain::{cell_state_text, expectation_text, explanation_text};
pub use fit::wrap_text as wrapped;
pub use grid::grid_text;
pub use import::{import_json, import_text, unread_import_json};
pub use inbox::{inbox_line, inbox_report};
pub use json::{outcome_json, with_old_keys};
pub use metrics::{METRICS_CONTENT_TYPE, metrics_json, metrics_text};
pub use missing_prices::{missing_prices_text, price_request_lines};
pub use number::count_with_noun;
pub use outcome::outcome_text;
pub use palette::{Palette, Tone};
pub use phrase::missing_inputs_text;
pub use plan::PlanReport;
pub use policies::policies_text;
pub use portfolios::{portfolios_json, portfolios_text};
pub use profiles::{preview_json, preview_text, profiles_json, profiles_text};
pub use realized::{realized_csv, realized_text};
pub use replay::{replay_json, replay_text};
pub use runs::{live_run_text, run_text, runs_text};
pub use securities::securities_text;
pub use sessions_behind::sessions_behind_text;
pub use status::status_text;
pub use table::{Column, Entry, Table};
pub use tokens::{token_json, tokens_text};
pub use verification::verification_text;
