//! A night does what is expected and touches nothing else.

use plimsoll::domain::{DayRange, Phase, PhaseSet, Scope};
use plimsoll::plan::SkipReason;
use proptest::prelude::*;

use crate::stage::{Stage, nightly, stage};
use crate::world::night;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn a_night_leaves_nothing_to_do_but_what_waits(night in night()) {
        let stage = stage(&night.world);
        let outcome = stage.run(&nightly());
        prop_assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
        prop_assert_eq!(outcome.certificate.failed + outcome.certificate.deferred, 0);
        prop_assert_eq!(outcome.certificate.expected, night.expected);
        let waiting = outcome.blocked.values().map(|cells| cells.len() as u64).sum::<u64>();
        prop_assert_eq!(outcome.certificate.blocked, waiting);
        prop_assert_eq!(outcome.progress.done, outcome.plan.step_count());

        let next = stage.plan();
        prop_assert!(next.is_empty(), "{:?}", next.days);
        let skipped = next.skips_by_reason();
        prop_assert_eq!(skipped.get(&SkipReason::Blocked).copied().unwrap_or(0), waiting);
        let books = stage.books();
        let again = stage.run(&nightly());
        prop_assert_eq!(again.progress.done, 0);
        prop_assert_eq!(stage.books(), books);
    }

    #[test]
    fn the_deleted_and_those_out_of_scope_get_no_row(night in night()) {
        let stage = stage(&night.world);
        let scope: Vec<_> = night.some.iter().map(|name| stage.portfolio(name)).collect();
        let mut asked = nightly();
        asked.request.scope = Scope::from_ids(scope.iter().map(|one| one.id)).unwrap();
        let others = |name: &&String| {
            !night.some.contains(name) || !stage.portfolio(name).lifecycle.is_active()
        };
        let others: Vec<_> = night.names.iter().filter(others).collect();
        let (before, done) = (stage.all_rows_of(&others), stage.coverage_of(&others));
        stage.run(&asked);
        prop_assert_eq!(stage.all_rows_of(&others), before);
        prop_assert_eq!(stage.coverage_of(&others), done);

        let gone = |name: &&String| !stage.portfolio(name).lifecycle.is_active();
        let gone: Vec<_> = night.names.iter().filter(gone).collect();
        let (before, done) = (stage.all_rows_of(&gone), stage.coverage_of(&gone));
        stage.run(&nightly());
        prop_assert_eq!(stage.all_rows_of(&gone), before);
        prop_assert_eq!(stage.coverage_of(&gone), done);
    }
}

impl Stage {
    fn all_rows_of(&self, names: &[&String]) -> Vec<String> {
        let rows = names.iter().flat_map(|name| self.rows_of(name));
        rows.collect()
    }

    /// Which phases of which days are done for some portfolios.
    fn coverage_of(&self, names: &[&String]) -> Vec<(String, Phase, u32)> {
        let ids: Vec<u32> = names.iter().map(|name| self.portfolio(name).id.0).collect();
        let read = self
            .store
            .read(|r| r.coverage(DayRange::ALL, PhaseSet::CELL_PHASES));
        let covered = read.unwrap();
        let mut found = Vec::new();
        for (day, phase, subjects) in covered.iter() {
            let hit = ids.iter().filter(|id| subjects.contains(**id));
            found.extend(hit.map(|id| (day.to_string(), phase, *id)));
        }
        found
    }
}
