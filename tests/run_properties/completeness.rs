//! Checks that a run processes the expected cells and changes no others.

use plimsoll::domain::{DayRange, Phase, PhaseSet, Scope};
use plimsoll::plan::SkipReason;
use proptest::prelude::*;

use crate::harness::{Harness, harness, nightly};
use crate::world::run_cases;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn a_run_leaves_only_blocked_work(case in run_cases()) {
        let harness = harness(&case.world);
        let outcome = harness.run(&nightly());
        prop_assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
        prop_assert_eq!(outcome.certificate.failed + outcome.certificate.deferred, 0);
        prop_assert_eq!(outcome.certificate.expected, case.expected);
        let blocked = outcome.blocked.values().map(|cells| cells.len() as u64).sum::<u64>();
        let unpriced = outcome.plan.skips_by_reason().get(&SkipReason::Unpriced).copied();
        let waiting = blocked + unpriced.unwrap_or(0);
        prop_assert_eq!(outcome.certificate.blocked, waiting);
        prop_assert_eq!(outcome.progress.done, outcome.plan.step_count());

        let next = harness.plan();
        prop_assert!(next.is_empty(), "{:?}", next.days);
        prop_assert_eq!(next.waiting_count(), waiting);
        let books = harness.output_rows();
        let again = harness.run(&nightly());
        prop_assert_eq!(again.progress.done, 0);
        prop_assert_eq!(harness.output_rows(), books);
    }

    #[test]
    fn deleted_and_out_of_scope_portfolios_get_no_rows(case in run_cases()) {
        let harness = harness(&case.world);
        let scope: Vec<_> = case.subset.iter().map(|name| harness.portfolio(name)).collect();
        let mut request = nightly();
        let ids = scope.iter().map(|portfolio| portfolio.id);
        request.request.scope = Scope::from_ids(ids).unwrap();
        let others = |name: &&String| {
            !case.subset.contains(name) || !harness.portfolio(name).lifecycle.is_active()
        };
        let others: Vec<_> = case.names.iter().filter(others).collect();
        let (before, done) = (harness.rows_of_portfolios(&others), harness.coverage_of(&others));
        harness.run(&request);
        prop_assert_eq!(harness.rows_of_portfolios(&others), before);
        prop_assert_eq!(harness.coverage_of(&others), done);

        let is_deleted = |name: &&String| !harness.portfolio(name).lifecycle.is_active();
        let deleted: Vec<_> = case.names.iter().filter(is_deleted).collect();
        let (before, done) = (harness.rows_of_portfolios(&deleted), harness.coverage_of(&deleted));
        harness.run(&nightly());
        prop_assert_eq!(harness.rows_of_portfolios(&deleted), before);
        prop_assert_eq!(harness.coverage_of(&deleted), done);
    }
}

impl Harness {
    fn rows_of_portfolios(&self, names: &[&String]) -> Vec<String> {
        let rows = names.iter().flat_map(|name| self.rows_of(name));
        rows.collect()
    }

    /// Returns the completed phases of some portfolios, with day and id.
    fn coverage_of(&self, names: &[&String]) -> Vec<(String, Phase, u32)> {
        let ids: Vec<u32> = names.iter().map(|name| self.portfolio(name).id.0).collect();
        let read = self
            .store
            .read(|r| r.ledger().coverage(DayRange::ALL, PhaseSet::CELL_PHASES));
        let covered = read.unwrap();
        let mut found = Vec::new();
        for (day, phase, done) in covered.iter() {
            let done = ids.iter().filter(|id| done.contains(**id));
            found.extend(done.map(|id| (day.to_string(), phase, *id)));
        }
        found
    }
}
