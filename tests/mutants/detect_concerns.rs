//! Looks for the mutant in force with the concerns of small worlds.

use plimsoll::domain::Scope;
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::query::{Concern, ConcernFact, ConcernInputs, ConcernLimits, concerns};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;

/// A world, a limit, and the portfolios whose books are too old by it.
struct Case {
    name: &'static str,
    /// The value of `complete`.
    complete: &'static str,
    max_stale: usize,
    stale: &'static [&'static str],
}

const CASES: [Case; 3] = [
    Case {
        name: "older_than_the_limit",
        complete: "\"..\"",
        max_stale: 11,
        stale: &["A"],
    },
    Case {
        name: "as_old_as_the_limit",
        complete: "\"..\"",
        max_stale: 12,
        stale: &[],
    },
    Case {
        name: "newest_books_after_a_gap",
        complete: "[2025-12-19, 2026-01-08]",
        max_stale: 11,
        stale: &["A"],
    },
];

/// The name of the case of a benchmark whose last close is too old.
const OLD_BENCHMARK: &str = "benchmark_older_than_the_limit";

/// The name of the case of a benchmark whose rate is too old.
const OLD_BENCHMARK_RATE: &str = "rate_of_the_benchmark_older_than_the_limit";

/// Returns the first case that fails.
pub(crate) fn find_by_concerns(first: &str) -> Option<String> {
    let mut cases = CASES;
    cases.sort_by_key(|case| case.name != first);
    let found = cases.iter().find(|case| stale(case) != case.stale);
    let found = found.map(|case| case.name);
    let found = found
        .or_else(|| (!is_benchmark_stale(11) || is_benchmark_stale(12)).then_some(OLD_BENCHMARK))
        .or_else(|| (!is_rate_stale(11) || is_rate_stale(12)).then_some(OLD_BENCHMARK_RATE));
    found.map(str::to_owned)
}

/// Returns whether the rate of the benchmark in francs, which is twelve sessions old, is older than
/// allowed. The benchmark has a close of the day.
fn is_rate_stale(max_stale: usize) -> bool {
    let world = "now = 2026-01-08T18:00:00-05:00\nsources = \"given\"\n\
                 [risk]\nbenchmark = \"IDX\"\n\
                 [securities]\nIDX = { class = \"index\", currency = \"CHF\" }\nCHFUSD = { class = \"fx\" }\n\
                 [prices]\nIDX = { 2025-12-19 = 100, 2026-01-08 = 101 }\nCHFUSD = { 2025-12-19 = 1.25 }\n\
                 ACME = { 2025-12-19 = 10, 2026-01-08 = 11 }\n\
                 [portfolios]\n\
                 A = { inception = 2025-12-19, cash = 1_000, holdings = { ACME = 1 }, complete = \"..\" }\n";
    let found = concerns_of(world, max_stale).into_iter();
    let mut facts = found.map(|concern| concern.fact);
    facts.any(|fact| matches!(fact, ConcernFact::StaleRiskInputs { .. }))
}

/// Returns whether the benchmark, whose last close is twelve sessions old, is older than allowed.
fn is_benchmark_stale(max_stale: usize) -> bool {
    let world = "now = 2026-01-08T18:00:00-05:00\nsources = \"given\"\n\
                 [risk]\nbenchmark = \"IDX\"\n[securities]\nIDX = { class = \"index\" }\n\
                 [prices]\nIDX = { 2025-12-19 = 100 }\n\
                 ACME = { 2025-12-19 = 10, 2026-01-08 = 11 }\n\
                 [portfolios]\n\
                 A = { inception = 2025-12-19, cash = 1_000, holdings = { ACME = 1 }, complete = \"..\" }\n";
    let found = concerns_of(world, max_stale).into_iter();
    let mut facts = found.map(|concern| concern.fact);
    facts.any(|fact| matches!(fact, ConcernFact::StaleRiskInputs { .. }))
}

/// Returns the portfolios that the concern about old inputs names. On Jan 8 the rate of the franc is
/// twelve sessions old. A holds a share in francs, and B has none.
fn stale(case: &Case) -> Vec<String> {
    let world = format!(
        "now = 2026-01-08T18:00:00-05:00\n\
         [securities]\nALPN = {{ currency = \"CHF\" }}\nCHFUSD = {{ class = \"fx\" }}\n\
         [prices]\nCHFUSD = {{ 2025-12-19 = 1.25 }}\n\
         ALPN = {{ 2025-12-19 = 80, 2026-01-08 = 80 }}\nWIDE = {{ 2026-01-08 = 300 }}\n\
         [portfolios]\n\
         A = {{ inception = 2025-12-19, holdings = {{ ALPN = 100 }}, complete = {complete} }}\n\
         B = {{ inception = 2025-12-19, holdings = {{ WIDE = 100 }}, complete = \"..\" }}\n",
        complete = case.complete
    );
    let found = concerns_of(&world, case.max_stale);
    let stale = found.into_iter().find_map(|concern| match concern.fact {
        ConcernFact::StaleInputs { worst, .. } => Some(worst),
        _ => None,
    });
    let stale = stale.into_iter().flatten();
    stale.map(|portfolio| portfolio.name).collect()
}

/// Returns the concerns of a world, with prices of at most `max_stale` sessions allowed.
fn concerns_of(world: &str, max_stale: usize) -> Vec<Concern> {
    let world = World::read(world).expect("a valid world");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("books.db");
    let settings = Settings::new_york();
    let store = load(&world, "concerns", &path, &settings, &|_| {}).expect("a database");
    let inputs = ConcernInputs {
        limits: ConcernLimits {
            max_stale,
            ..ConcernLimits::default()
        },
        ..ConcernInputs::default()
    };
    let environment = Environment::system(Some(world.now));
    let found = concerns(&store, &settings, &environment, &Scope::AllActive, &inputs);
    found.expect("a database that can be read").concerns
}
