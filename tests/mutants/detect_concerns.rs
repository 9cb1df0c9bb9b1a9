//! Looks for the mutant in force with the concerns of small worlds.

use plimsoll::domain::Scope;
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::query::{ConcernFact, ConcernInputs, ConcernLimits, concerns};
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

/// Returns the first case that fails.
pub(crate) fn find_by_concerns(first: &str) -> Option<String> {
    let mut cases = CASES;
    cases.sort_by_key(|case| case.name != first);
    let found = cases.iter().find(|case| stale(case) != case.stale);
    found.map(|case| case.name.to_owned())
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
    let world = World::read(&world).expect("a valid world");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("books.db");
    let settings = Settings::new_york();
    let store = load(&world, "concerns", &path, &settings, &|_| {}).expect("a database");
    let inputs = ConcernInputs {
        limits: ConcernLimits {
            max_stale: case.max_stale,
            ..ConcernLimits::default()
        },
        ..ConcernInputs::default()
    };
    let environment = Environment::system(Some(world.now));
    let found = concerns(&store, &settings, &environment, &Scope::AllActive, &inputs);
    let found = found.expect("a database that can be read").concerns;
    let stale = found.into_iter().find_map(|concern| match concern.fact {
        ConcernFact::StaleInputs { worst, .. } => Some(worst),
        _ => None,
    });
    let stale = stale.into_iter().flatten();
    stale.map(|portfolio| portfolio.name).collect()
}
