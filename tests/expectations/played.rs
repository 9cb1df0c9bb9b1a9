//! A scenario that was played once, with other expectations compared with its result.

use plimsoll::scenario::runner::{CheckLevel, Finding, PlayResult, PlayedStep, play};
use plimsoll::scenario::script::{Action, Expectation, FindFixture, Scenario, ScenarioError, Step};
use toml::{Table, Value};

/// The names of all ends of a run.
pub(crate) const END_NAMES: [&str; 9] = [
    "complete",
    "incomplete",
    "cancelled",
    "crashed",
    "busy",
    "lost-lease",
    "refused",
    "failed",
    "planned",
];

/// The part of a scenario that an `expect` table is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The whole scenario, under every policy.
    Scenario,
    /// The whole scenario, under one policy.
    Policy(String),
    /// A step: its place in the scenario, then that in the `meanwhile` of each run around it.
    Step(Vec<usize>),
}

/// The kind of a place: another one has other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PlaceKind {
    Scenario,
    Run,
    Plan,
    Change,
}

pub(crate) struct Played<'f> {
    pub(crate) root: Value,
    pub(crate) scenario: Scenario,
    pub(crate) result: PlayResult,
    fixtures: &'f FindFixture<'f>,
}

impl<'f> Played<'f> {
    pub(crate) fn new(text: &str, fixtures: &'f FindFixture<'f>) -> Self {
        Self::from_root(Value::Table(text.parse().unwrap()), fixtures)
    }

    fn from_root(root: Value, fixtures: &'f FindFixture<'f>) -> Self {
        let scenario = read(&root, fixtures).unwrap_or_else(|error| panic!("{error}\n{root}"));
        let result = play(&scenario, CheckLevel::ExpectationsOnly).unwrap();
        Self {
            root,
            scenario,
            result,
            fixtures,
        }
    }

    /// Plays the scenario again, without its expectations and with the state after every step.
    pub(crate) fn with_states(&self) -> Self {
        let mut root = self.root.clone();
        root.as_table_mut().unwrap().remove("expect");
        // An expectation of books, whose result is not looked at, makes the play read all of them.
        let books = expectation(
            "stale",
            &Value::Table(Table::from_iter([(
                "..".to_owned(),
                Value::Array(Vec::new()),
            )])),
        );
        for place in self.places() {
            *expectation_at(&mut root, &place) = books.clone();
        }
        Self::from_root(root, self.fixtures)
    }

    /// Returns the scenario and all steps that happened.
    pub(crate) fn places(&self) -> Vec<Place> {
        let steps = self.result.policies[0].steps.iter();
        let steps = steps.map(|step| Place::Step(step.number.places().to_vec()));
        [Place::Scenario].into_iter().chain(steps).collect()
    }

    /// Returns the places with expectations.
    pub(crate) fn expecting_places(&self) -> Vec<Place> {
        let is_expecting = |place: &Place| expectation_of(&self.scenario, place).is_some();
        let policies = self.scenario.expected_by_policy.keys();
        let policies = policies.cloned().map(Place::Policy);
        let places = self.places().into_iter().chain(policies);
        places.filter(is_expecting).collect()
    }

    pub(crate) fn kind(&self, place: &Place) -> PlaceKind {
        match place {
            Place::Scenario | Place::Policy(_) => PlaceKind::Scenario,
            Place::Step(places) => match step_of(&self.scenario.steps, places) {
                step if step.is_run() => PlaceKind::Run,
                Step {
                    action: Action::Plan(_),
                    ..
                } => PlaceKind::Plan,
                _ => PlaceKind::Change,
            },
        }
    }

    /// Returns the step at a place, as it was played under the first policy.
    pub(crate) fn step(&self, places: &[usize]) -> &PlayedStep {
        let mut steps = self.result.policies[0].steps.iter();
        steps.find(|step| step.number.places() == places).unwrap()
    }

    /// Returns the scenario as TOML, with one expectation at a place.
    pub(crate) fn with_expectation(&self, place: &Place, key: &str, value: &Value) -> Value {
        let mut root = self.root.clone();
        *expectation_at(&mut root, place) = expectation(key, value);
        root
    }

    /// Reads the expectations of another text at a place.
    pub(crate) fn read(&self, place: &Place, root: &Value) -> Result<Expectation, ScenarioError> {
        match read(root, self.fixtures) {
            Ok(scenario) => Ok(expectation_of(&scenario, place).unwrap().clone()),
            Err(refusal @ ScenarioError::Expectation { .. }) => Err(refusal),
            Err(error) => panic!("{error}\n{root}"),
        }
    }

    /// Compares expectations at a place with the result, under each policy that they apply to.
    pub(crate) fn findings(&self, place: &Place, expected: &Expectation) -> Vec<Vec<Finding>> {
        let policies = self.result.policies.iter();
        match place {
            Place::Scenario => policies.map(|policy| policy.check(expected)).collect(),
            Place::Policy(name) => policies
                .filter(|policy| policy.policy == *name)
                .map(|policy| policy.check(expected))
                .collect(),
            Place::Step(places) => policies
                .flat_map(|policy| &policy.steps)
                .filter(|step| step.number.places() == places)
                .map(|step| step.check(expected))
                .collect(),
        }
    }
}

fn read(root: &Value, fixtures: &FindFixture<'_>) -> Result<Scenario, ScenarioError> {
    Scenario::read("changed", &toml::to_string(root).unwrap(), fixtures)
}

/// Returns an `expect` table with one key.
fn expectation(key: &str, value: &Value) -> Value {
    Value::Table(Table::from_iter([(key.to_owned(), value.clone())]))
}

/// Returns the `expect` table of a place, which is created if it is missing.
pub(crate) fn expectation_at<'v>(root: &'v mut Value, place: &Place) -> &'v mut Value {
    let mut at = root;
    let mut list = "step";
    if let Place::Step(places) = place {
        for (depth, number) in places.iter().enumerate() {
            if depth > 0 {
                at = &mut at["run"];
                list = "meanwhile";
            }
            at = &mut at[list][number - 1];
        }
    }
    let table = at.as_table_mut().unwrap();
    let expect = table.entry("expect").or_insert(Value::Table(Table::new()));
    match place {
        Place::Policy(name) => &mut expect[name.as_str()],
        Place::Scenario | Place::Step(_) => expect,
    }
}

fn expectation_of<'s>(scenario: &'s Scenario, place: &Place) -> Option<&'s Expectation> {
    match place {
        Place::Scenario => Some(&scenario.expected),
        Place::Policy(name) => scenario.expected_by_policy.get(name),
        Place::Step(places) => step_of(&scenario.steps, places).expected.as_ref(),
    }
}

fn step_of<'s>(steps: &'s [Step], places: &[usize]) -> &'s Step {
    let (first, inside) = places.split_first().unwrap();
    let step = &steps[first - 1];
    let Some((next, inside)) = inside.split_first() else {
        return step;
    };
    let Action::Run(run) = &step.action else {
        panic!("{step:?} has no steps inside");
    };
    // Steps inside a run inside a run are not tested.
    assert!(inside.is_empty());
    &run.meanwhile[next - 1].1
}
