//! Plans, outcomes and answers become text, grids, JSON and CSV. Values in, text out: nothing
//! here reads, prints or knows the time.

mod alerts;
mod books;
mod certificate;
mod chart;
mod days;
mod explain;
mod fit;
mod grid;
mod held;
mod inbox;
mod json;
mod lag;
mod metrics;
mod names;
pub mod number;
mod outcome;
mod page;
mod palette;
mod phrase;
mod plan;
mod policies;
mod portfolios;
mod replay;
mod runs;
mod status;
mod table;
mod taken;
mod tally;
mod tokens;
mod verification;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod looks;

pub use alerts::{alerts_json, alerts_text};
pub use books::{books_text, positions_csv, series_csv};
pub use explain::explanation_text;
pub use fit::wrap as wrapped;
pub use grid::grid_text;
pub use inbox::{inbox_line, inbox_report};
pub use json::outcome_json;
pub use lag::lag_text;
pub use metrics::{METRICS_FORMAT, metrics_json, metrics_text};
pub use names::Names;
pub use number::counted;
pub use outcome::outcome_text;
pub use palette::{Palette, Tone};
pub use phrase::waits_for;
pub use plan::PlanReport;
pub use policies::policies_text;
pub use portfolios::{portfolios_json, portfolios_text};
pub use replay::replay_text;
pub use runs::{run_text, runs_text};
pub use status::status_text;
pub use table::{Column, Entry, Table};
pub use taken::{taken_json, taken_text};
pub use tokens::{token_json, tokens_text};
pub use verification::verification_text;
