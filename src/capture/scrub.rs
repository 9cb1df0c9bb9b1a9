//! Pseudonyms instead of names, ids and words, so that a state can be shown to anybody.

use super::state::{State, Wording};
use crate::domain::PortfolioKey;
use crate::plan::PolicyName;

/// What stands where words stood.
const SCRUBBED: &str = "scrubbed";
/// The scope of a run of everybody, which is nobody's name.
const EVERYBODY: &str = "all active";

impl State {
    /// The same state of others: portfolios are `P01` and so on in the order of their inceptions
    /// and then of their ids, and have the ids of those names; the words of invalidations and
    /// the scopes of runs, which may name somebody, are gone.
    #[must_use]
    pub fn scrubbed(mut self) -> Self {
        self.portfolios
            .sort_by_key(|one| (one.portfolio.lifecycle.inception(), one.portfolio.id));
        let width = self.portfolios.len().to_string().len().max(2);
        for (number, one) in (1..).zip(&mut self.portfolios) {
            one.portfolio.name = format!("P{number:0width$}");
            one.portfolio.key = PortfolioKey::of_name(&one.portfolio.name);
        }
        for invalidation in &mut self.invalidations {
            invalidation.why = SCRUBBED.to_owned();
        }
        for run in &mut self.runs {
            if run.scope != EVERYBODY {
                run.scope = SCRUBBED.to_owned();
            }
            if run.policy.parse::<PolicyName>().is_err() {
                run.policy = SCRUBBED.to_owned();
            }
        }
        self.wording = Wording::Scrubbed;
        self
    }
}
