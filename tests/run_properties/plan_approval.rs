//! A plan that was shown is the plan that runs, or nothing runs.

use plimsoll::engine::EngineError;
use plimsoll::store::RunState;
use proptest::prelude::*;

use crate::harness::{harness, nightly};
use crate::world::run_cases;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn deleting_a_planned_portfolio_refuses_the_plan(case in run_cases()) {
        let harness = harness(&case.world);
        let shown = harness.plan();
        let gone = harness.portfolio(&case.subset[0]);
        let in_plan = shown.days.iter().flat_map(|day| &day.steps).any(|steps| steps.cells.contains(gone.id.0));
        harness.change_lifecycle(&gone.name, gone.lifecycle.with_deleted_at(Some(harness.environment.clock.now())));
        let (books, runs) = (harness.output_rows(), harness.run_states());

        let mut asked = nightly();
        asked.expected_plan = Some(shown.id().to_string());
        match harness.try_run(&asked) {
            Ok(outcome) => {
                prop_assert!(!in_plan);
                prop_assert_eq!(outcome.plan_id, shown.id());
            }
            Err(EngineError::PlanChanged { found, .. }) => {
                prop_assert!(in_plan);
                prop_assert_ne!(found, shown.id());
                prop_assert_eq!(harness.output_rows(), books);
                prop_assert_eq!(harness.run_states(), runs);
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn an_oversized_plan_is_refused_before_any_write(case in run_cases()) {
        let harness = harness(&case.world);
        let planned = harness.plan().step_count();
        let (books, runs) = (harness.output_rows(), harness.run_states());
        let mut asked = nightly();
        asked.max_cells = planned.checked_sub(1);
        if planned > 0 {
            let refused = harness.try_run(&asked);
            let is_too_large = matches!(refused, Err(EngineError::TooManyCells { .. }));
            prop_assert!(is_too_large, "{:?}", refused.map(|outcome| outcome.state));
            prop_assert_eq!(harness.output_rows(), books);
            prop_assert_eq!(harness.run_states(), runs);
        }
        asked.max_cells = Some(planned);
        prop_assert_ne!(harness.run(&asked).state, RunState::Cancelled);
    }
}
