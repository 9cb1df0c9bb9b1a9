//! A plan that was shown is the plan that runs, or nothing runs.

use plimsoll::engine::EngineError;
use plimsoll::store::RunState;
use proptest::prelude::*;

use crate::stage::{nightly, stage};
use crate::world::night;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn a_portfolio_deleted_after_planning_refuses_the_plan_or_was_not_in_it(night in night()) {
        let stage = stage(&night.world);
        let shown = stage.plan();
        let gone = stage.portfolio(&night.some[0]);
        let in_plan = shown.days.iter().flat_map(|day| &day.steps).any(|steps| steps.cells.contains(gone.id.0));
        stage.change_life(&gone.name, gone.lifecycle.with_deleted_at(Some(stage.environment.clock.now())));
        let (books, runs) = (stage.books(), stage.runs());

        let mut asked = nightly();
        asked.expected_plan = Some(shown.id().to_string());
        match stage.try_run(&asked) {
            Ok(outcome) => {
                prop_assert!(!in_plan);
                prop_assert_eq!(outcome.plan_id, shown.id());
            }
            Err(EngineError::PlanChanged { found, .. }) => {
                prop_assert!(in_plan);
                prop_assert_ne!(found, shown.id());
                prop_assert_eq!(stage.books(), books);
                prop_assert_eq!(stage.runs(), runs);
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_plan_that_is_too_large_is_refused_before_the_first_write(night in night()) {
        let stage = stage(&night.world);
        let planned = stage.plan().step_count();
        let (books, runs) = (stage.books(), stage.runs());
        let mut asked = nightly();
        asked.max_cells = planned.checked_sub(1);
        if planned > 0 {
            let refused = stage.try_run(&asked);
            let is_too_large = matches!(refused, Err(EngineError::TooManyCells { .. }));
            prop_assert!(is_too_large, "{:?}", refused.map(|outcome| outcome.state));
            prop_assert_eq!(stage.books(), books);
            prop_assert_eq!(stage.runs(), runs);
        }
        asked.max_cells = Some(planned);
        prop_assert_ne!(stage.run(&asked).state, RunState::Cancelled);
    }
}
