//! Tests of generated scenarios.

use std::collections::BTreeSet;

use super::*;
use crate::scenario::script::{FixtureError, Scenario};

#[test]
fn every_kind_of_step_and_phase_of_a_fault_is_generated() {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let all: BTreeSet<_> = StepSpec::default()
        .present_actions()
        .map(|(name, _)| name)
        .into();
    let (mut drawn, mut phases) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..300 {
        let mut generator = Generator::new(seed);
        let others: [StepSpec; 2] = [generator.rare_step(), generator.plan_step()];
        for step in [generator.step()].into_iter().chain(others) {
            let present = step.present_actions().into_iter();
            drawn.extend(present.filter(|(_, is)| *is).map(|(name, _)| name));
        }
        let scenario = Scenario::read("generated", &generate_scenario(seed), &none).unwrap();
        phases.extend(scenario.faults.iter().map(|fault| fault.phase));
    }
    assert_eq!(drawn, all);
    assert_eq!(phases, Phase::CELL_PHASES.into());
}

#[test]
fn generated_scenarios_parse_and_differ() {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let mut texts = BTreeSet::new();
    for seed in 0..300 {
        let text = generate_scenario(seed);
        let read = Scenario::read("generated", &text, &none);
        assert!(read.is_ok(), "{seed}: {:?}\n{text}", read.err());
        texts.insert(text);
    }
    assert!(texts.len() > 290, "{}", texts.len());
    assert_eq!(generate_scenario(7), generate_scenario(7));
}
