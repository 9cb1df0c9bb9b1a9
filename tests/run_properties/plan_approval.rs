//! Checks that an approved plan is the plan that runs, or no run starts.

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
        let approved = harness.plan();
        let portfolio = harness.portfolio(&case.subset[0]);
        let mut steps = approved.days.iter().flat_map(|day| &day.steps);
        let in_plan = steps.any(|steps| steps.cells.contains(portfolio.id.0));
        let deleted = portfolio.lifecycle.with_deleted_at(Some(harness.environment.clock.now()));
        harness.change_lifecycle(&portfolio.name, deleted);
        let (books, runs) = (harness.output_rows(), harness.run_states());

        let mut request = nightly();
        request.expected_plan = Some(approved.id().to_string());
        match harness.try_run(&request) {
            Ok(outcome) => {
                prop_assert!(!in_plan);
                prop_assert_eq!(outcome.plan_id, approved.id());
            }
            Err(EngineError::PlanChanged { found, .. }) => {
                prop_assert!(in_plan);
                prop_assert_ne!(found, approved.id());
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
        let mut request = nightly();
        request.max_cells = planned.checked_sub(1);
        if planned > 0 {
            let refused = harness.try_run(&request);
            let is_too_large = matches!(refused, Err(EngineError::TooManyCells { .. }));
            prop_assert!(is_too_large, "{:?}", refused.map(|outcome| outcome.state));
            prop_assert_eq!(harness.output_rows(), books);
            prop_assert_eq!(harness.run_states(), runs);
        }
        request.max_cells = Some(planned);
        prop_assert_ne!(harness.run(&request).state, RunState::Cancelled);
    }
}
