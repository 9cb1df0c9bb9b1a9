//! Faults in judging the age of prices and rates in complete books.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Concerns;
use crate::mutant::Mutant;

const STALE_INPUTS: &str = "src/query/concerns/stale_inputs.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "stale-limit-ignored",
        "books may use prices of any age",
        &[Concerns("older_than_the_limit")],
        &[edit(
            STALE_INPUTS,
            "if age > self.max_stale && !old_inputs.is_empty() {",
            "age > self.max_stale",
            "age > usize::MAX - 1",
        )],
    ),
    fault(
        "stale-limit-one-too-small",
        "a price that is as old as the limit is too old",
        &[Concerns("as_old_as_the_limit")],
        &[
            edit(
                STALE_INPUTS,
                "if age > self.max_stale && !old_inputs.is_empty() {",
                "age > self.max_stale",
                "age >= self.max_stale",
            ),
            edit(
                STALE_INPUTS,
                "let first = end.saturating_sub(self.max_stale.saturating_add(1));",
                "self.max_stale.saturating_add(1)",
                "self.max_stale",
            ),
        ],
    ),
    fault(
        "newest-books-not-judged",
        "books after a gap may use prices of any age",
        &[Concerns("newest_books_after_a_gap")],
        &[edit(
            STALE_INPUTS,
            "if let Some(done) = survey.coverage.get(*day, Phase::Snapshot) {",
            "survey.coverage.get(*day, Phase::Snapshot)",
            "survey.coverage.get(*day, Phase::Snapshot).filter(|_| false)",
        )],
    ),
    fault(
        "benchmark-of-any-age",
        "risk may use a benchmark of any age",
        &[Concerns("benchmark_older_than_the_limit")],
        &[edit(
            "src/query/concerns/risk.rs",
            "age > self.max_stale",
            "age > self.max_stale",
            "age > usize::MAX - 1",
        )],
    ),
    fault(
        "rate-of-benchmark-of-any-age",
        "risk may convert a benchmark at a rate of any age",
        &[Concerns("rate_of_the_benchmark_older_than_the_limit")],
        &[edit(
            "src/query/concerns/risk.rs",
            "if conversion.is_possible_with(|pair| !old.contains_key(&pair)) {",
            "conversion.is_possible_with(|pair| !old.contains_key(&pair))",
            "conversion.is_possible_with(|_| true)",
        )],
    ),
];
