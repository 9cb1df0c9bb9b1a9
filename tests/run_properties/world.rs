//! Random worlds: two to four portfolios over at most eight sessions, each with a life, and each
//! of its days done, half done or not done.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// The sessions up to the evening on which the night falls.
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

/// Shares of the made-up market that may lack their last close.
const SHARES: [&str; 8] = [
    "QLNT", "ASTV", "ARGT", "ANVL", "BKRY", "BRNT", "AQDT", "ATRM",
];

const STYLES: [&str; 5] = ["equity", "long-short", "balanced", "bonds", "cash"];

/// What is done of a day.
const DONE_STATES: [&str; 6] = [
    "",
    "",
    "\"snapshot\", \"positions\", \"exposures\", \"risk\"",
    "\"snapshot\", \"positions\", \"exposures\", \"risk\"",
    "\"snapshot\"",
    "\"snapshot\", \"risk\"",
];

/// A state of the database, and how it is cut and disturbed.
#[derive(Debug, Clone)]
pub(crate) struct RunCase {
    /// The world as TOML.
    pub(crate) world: String,
    /// How many cells of active portfolios are due.
    pub(crate) expected: u64,
    /// The names of its portfolios.
    pub(crate) names: Vec<String>,
    /// Some of the names, never none.
    pub(crate) subset: Vec<String>,
    /// A session, to force or cut at.
    pub(crate) session: usize,
    /// After how many transactions a run is stopped.
    pub(crate) batches: usize,
}

#[derive(Debug, Clone)]
struct PortfolioCase {
    style: &'static str,
    currency: &'static str,
    inception: usize,
    /// How many sessions it lives, where it is closed.
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

/// Any night.
pub(crate) fn run_cases() -> impl Strategy<Value = RunCase> {
    let lives = vec(portfolio_cases(), 2..=4);
    let unpriced = subsequence(&SHARES[..], 0..=SHARES.len());
    (
        lives,
        0..1_000_u32,
        weighted(0.5, unpriced),
        0..SESSIONS.len(),
        0..12_usize,
    )
        .prop_flat_map(|(lives, seed, unpriced, session, batches)| {
            let world = world_toml(&lives, seed, &unpriced.unwrap_or_default());
            let names: Vec<String> = (0..lives.len()).map(name).collect();
            let some = subsequence(names.clone(), 1..=names.len());
            let active = lives.iter().filter(|life| !life.deleted);
            let expected = active.map(|life| life.sessions().count() as u64).sum();
            some.prop_map(move |some| RunCase {
                expected,
                world: world.clone(),
                names: names.clone(),
                subset: some,
                session,
                batches,
            })
        })
}

fn name(at: usize) -> String {
    format!("P{}", at + 1)
}

fn world_toml(lives: &[PortfolioCase], seed: u32, unpriced: &[&str]) -> String {
    let mut text = format!(
        "description = \"random\"\nnow = 2026-01-08T18:00:00-05:00\nseed = {seed}\n\
         [market]\nshares = 8\nfrom = 2025-10-01\n[prices]\n"
    );
    for symbol in unpriced {
        let _ = writeln!(text, "{symbol} = {{ 2026-01-08 = \"missing\" }}");
    }
    for (at, life) in lives.iter().enumerate() {
        let PortfolioCase {
            style, currency, ..
        } = life;
        let _ = writeln!(text, "[portfolios.{}]\nstyle = \"{style}\"", name(at));
        let _ = writeln!(
            text,
            "currency = \"{currency}\"\ninception = {}",
            SESSIONS[life.inception]
        );
        if let Some(closed) = life.last_session() {
            let _ = writeln!(text, "closed = {}", SESSIONS[closed]);
        }
        if life.deleted {
            text += "deleted-at = 2026-01-08T09:00:00-05:00\n";
        }
        for (day, done) in life.sessions().filter(|(_, done)| !done.is_empty()) {
            let _ = writeln!(text, "phases.{day} = [{done}]");
        }
    }
    text
}

impl PortfolioCase {
    /// Its closing day, as a place among the sessions.
    fn last_session(&self) -> Option<usize> {
        let last = self.inception + self.closed_after?;
        (last < SESSIONS.len()).then_some(last)
    }

    /// The sessions that it lives, and what is done of each.
    fn sessions(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let until = self.last_session().map_or(SESSIONS.len(), |last| last + 1);
        let days = SESSIONS.into_iter().zip(self.done.iter().copied());
        days.take(until).skip(self.inception)
    }
}
