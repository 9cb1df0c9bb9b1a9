//! Generates random worlds: two to four portfolios over at most eight sessions, each with a
//! lifecycle, and each of its days complete, partly done or open.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// The sessions up to the evening of the run.
pub(crate) const SESSIONS: [&str; 8] = [
    "2025-12-29",
    "2025-12-30",
    "2025-12-31",
    "2026-01-02",
    "2026-01-05",
    "2026-01-06",
    "2026-01-07",
    "2026-01-08",
];

/// Symbols of the synthetic market that may lack their last close.
const SHARES: [&str; 8] = [
    "QLNT", "ASTV", "ARGT", "ANVL", "BKRY", "BRNT", "AQDT", "ATRM",
];

const STYLES: [&str; 5] = ["equity", "long-short", "balanced", "bonds", "cash"];

/// The completed phases of a cell as TOML. Repeated entries are more likely.
const DONE_STATES: [&str; 6] = [
    "",
    "",
    "\"snapshot\", \"positions\", \"exposures\", \"risk\"",
    "\"snapshot\", \"positions\", \"exposures\", \"risk\"",
    "\"snapshot\"",
    "\"snapshot\", \"risk\"",
];

/// A state of the database, and the parameters of the disturbance.
#[derive(Debug, Clone)]
pub(crate) struct RunCase {
    /// The world as TOML text.
    pub(crate) world: String,
    /// Number of due cells of active portfolios.
    pub(crate) expected: u64,
    /// Names of all portfolios.
    pub(crate) names: Vec<String>,
    /// A non-empty subset of the names.
    pub(crate) subset: Vec<String>,
    /// Index of the session from which cells are forced.
    pub(crate) session: usize,
    /// Number of transactions after which a run is cancelled.
    pub(crate) batches: usize,
}

#[derive(Debug, Clone)]
struct PortfolioCase {
    style: &'static str,
    currency: &'static str,
    inception: usize,
    /// Number of sessions from inception to close; `None` if it is open.
    closed_after: Option<usize>,
    deleted: bool,
    done: Vec<&'static str>,
}

fn portfolio_cases() -> impl Strategy<Value = PortfolioCase> {
    (
        select(&STYLES[..]),
        select(&["USD", "USD", "USD", "EUR"][..]),
        0..SESSIONS.len(),
        weighted(0.2, 0..SESSIONS.len()),
        prop::bool::weighted(0.2),
        vec(select(&DONE_STATES[..]), SESSIONS.len()),
    )
        .prop_map(
            |(style, currency, inception, closed_after, deleted, done)| PortfolioCase {
                style,
                currency,
                inception,
                closed_after,
                deleted,
                done,
            },
        )
}

/// Generates the cases of a property.
pub(crate) fn run_cases() -> impl Strategy<Value = RunCase> {
    let portfolios = vec(portfolio_cases(), 2..=4);
    let unpriced = subsequence(&SHARES[..], 0..=SHARES.len());
    (
        portfolios,
        0..1_000_u32,
        weighted(0.5, unpriced),
        0..SESSIONS.len(),
        0..12_usize,
    )
        .prop_flat_map(|(portfolios, seed, unpriced, session, batches)| {
            let world = world_toml(&portfolios, seed, &unpriced.unwrap_or_default());
            let names: Vec<String> = (0..portfolios.len()).map(name).collect();
            let subset = subsequence(names.clone(), 1..=names.len());
            let active = portfolios.iter().filter(|portfolio| !portfolio.deleted);
            let expected = active
                .map(|portfolio| portfolio.sessions().count() as u64)
                .sum();
            subset.prop_map(move |subset| RunCase {
                expected,
                world: world.clone(),
                names: names.clone(),
                subset,
                session,
                batches,
            })
        })
}

fn name(at: usize) -> String {
    format!("P{}", at + 1)
}

fn world_toml(portfolios: &[PortfolioCase], seed: u32, unpriced: &[&str]) -> String {
    let mut text = format!(
        "description = \"random\"\nnow = 2026-01-08T18:00:00-05:00\nseed = {seed}\n\
         [market]\nshares = 8\nfrom = 2025-10-01\n[prices]\n"
    );
    for symbol in unpriced {
        let _ = writeln!(text, "{symbol} = {{ 2026-01-08 = \"missing\" }}");
    }
    for (at, portfolio) in portfolios.iter().enumerate() {
        let PortfolioCase {
            style, currency, ..
        } = portfolio;
        let _ = writeln!(text, "[portfolios.{}]\nstyle = \"{style}\"", name(at));
        let _ = writeln!(
            text,
            "currency = \"{currency}\"\ninception = {}",
            SESSIONS[portfolio.inception]
        );
        if let Some(closed) = portfolio.last_session() {
            let _ = writeln!(text, "closed = {}", SESSIONS[closed]);
        }
        if portfolio.deleted {
            text += "deleted-at = 2026-01-08T09:00:00-05:00\n";
        }
        for (day, done) in portfolio.sessions().filter(|(_, done)| !done.is_empty()) {
            let _ = writeln!(text, "phases.{day} = [{done}]");
        }
    }
    text
}

impl PortfolioCase {
    /// Returns the index of the last session, or `None` if the portfolio is open.
    fn last_session(&self) -> Option<usize> {
        let last = self.inception + self.closed_after?;
        (last < SESSIONS.len()).then_some(last)
    }

    /// Returns the sessions within the lifecycle, each with its completed phases.
    fn sessions(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let until = self.last_session().map_or(SESSIONS.len(), |last| last + 1);
        let days = SESSIONS.into_iter().zip(self.done.iter().copied());
        days.take(until).skip(self.inception)
    }
}
