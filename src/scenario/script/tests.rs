//! Tests of reading scenarios, and of the examples in `docs/scenario-format.md` and the template of
//! `scenario new`.

use std::path::{Path, PathBuf};

use super::{Action, FixtureError, Scenario, ScenarioError};
use crate::scenario::runner::{CheckLevel, play};
use crate::scenario::suite::find_fixture;

const HEAD: &str = "now = 2026-01-08T18:00:00-05:00\nmarket.shares = 16\n";
const PORTFOLIOS: &str = "[portfolios]\nA = { complete = \"..2026-01-07\" }\n\"B..D\" = { complete = \"..2026-01-05\" }\n";

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::read("a_claim", text, &|name| {
        let path = PathBuf::from(format!("fixtures/{name}.toml"));
        match name {
            "shared" => Ok((path, format!("{HEAD}seed = 4\n{PORTFOLIOS}"))),
            "limited" => Ok((path, format!("{HEAD}{PORTFOLIOS}[limits]\nsteps = 2\n"))),
            _ => Err(FixtureError::Absent(name.to_owned())),
        }
    })
}

/// Reads a scenario on the usual world, with lines before and after its portfolios.
fn scenario(before: &str, after: &str) -> Result<Scenario, ScenarioError> {
    read(&format!("{HEAD}{before}\n{PORTFOLIOS}{after}"))
}

/// Returns the error of a scenario, and the text that its span covers.
fn error_and_span(before: &str, after: &str) -> (String, String) {
    let text = format!("{HEAD}{before}\n{PORTFOLIOS}{after}");
    let error = read(&text).unwrap_err();
    let at = error.span(&text).map(|at| text[at].to_owned());
    (error.to_string(), at.unwrap_or_default())
}

#[test]
fn a_scenario_without_policies_runs_per_cell() {
    let scenario = scenario("", "[[step]]\nrun = {}").unwrap();
    assert_eq!(scenario.policies.len(), 1);
    assert_eq!(scenario.policies[0].name, "per-cell");
    assert!(matches!(scenario.steps[0].action, Action::Run(_)));
    assert_eq!(scenario.settings.batch_cells.get(), 1);
}

#[test]
fn scenario_keys_override_the_fixture() {
    let text = "fixture = \"shared\"\nseed = 9\n[portfolios]\nB = { holes = [2026-01-05] }\nE = {}";
    let world = read(text).unwrap().world;
    assert_eq!(world.seed, 9);
    let names: Vec<_> = world
        .portfolios
        .iter()
        .map(|known| known.portfolio.name.as_str())
        .collect();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
    let done = |name: &str| world.portfolio(name).unwrap().done.len();
    assert_eq!(done("B") + 1, done("C"));
    assert_eq!(done("E"), 0);
}

#[test]
fn an_error_has_its_span_and_the_nearest_name() {
    let cases = [
        ("polices = [\"per-cell\"]", "", "policies", "polices"),
        ("policies = [\"per-cel\"]", "", "per-cell", "\"per-cel\""),
        ("fixture = \"sharde\"", "", "", "\"sharde\""),
        ("", "[[step]]\nrum = {}", "run", "rum"),
        ("", "[[step]]\ndelete = \"E\"", "", "\"E\""),
        (
            "",
            "[[step]]\nrun = {}\n[expect.per-cell]\nprocesed.\"2026-01-08\" = []",
            "processed",
            "procesed",
        ),
        (
            "",
            "[[step]]\nrun = {}\n[expect]\nprocessed.\"2026-01-08\" = [\"F\"]",
            "",
            "[\"F\"]",
        ),
    ];
    for (before, after, nearest, at) in cases {
        let (error, span) = error_and_span(before, after);
        assert_eq!(span, at, "{error}");
        assert!(error.contains(nearest), "{error}");
        assert_eq!(
            error.contains("did you mean"),
            !nearest.is_empty(),
            "{error}"
        );
    }
}

#[test]
fn a_step_has_one_action_that_is_allowed_at_its_point() {
    for (step, words) in [
        ("[[step]]", "has no action"),
        (
            "[[step]]\nrun = {}\ndelete = \"A\"",
            "two actions, `run` and `delete`",
        ),
        (
            "[[step]]\nat = \"after planning\"\nrun = {}",
            "only allowed for a step in the `meanwhile`",
        ),
        (
            "[[step]]\nrun = { meanwhile = [{ delete = \"A\" }] }",
            "needs `at`",
        ),
        (
            "[[step]]\nrun = { meanwhile = [{ at = \"inside commit 1\", delete = \"A\" }] }",
            "holds the write lock",
        ),
        (
            "[[step]]\nadd = { N = { complete = \"..2026-01-07\" } }",
            "with completed days",
        ),
        ("[[step]]\nadvance = \"soon\"", "invalid scenario file"),
        ("[configuration]\nquarantine-after = 0", "1 or more"),
        ("[configuration]\nleast-share = 1.5", "0 to 1"),
    ] {
        let (error, _) = error_and_span("", step);
        assert!(error.contains(words), "{step}: {error}");
    }
}

#[test]
fn expectations_apply_to_all_policies_or_one() {
    let two_policies = scenario(
        "policies = [\"global-max\", \"mine\"]\n[policy.mine]\npreset = \"min-of-max\"\n",
        "[[step]]\nrun = {}\n[expect]\nexit = 0\n[expect.mine]\nleft_behind.\"2026-01-06\" = [\"B..D\"]",
    )
    .unwrap();
    assert_eq!(two_policies.expected.exit, Some(0));
    assert_eq!(two_policies.expected_by_policy["mine"].cells.len(), 1);
    let (error, at) = error_and_span("", "[[step]]\nrun = {}\n[expect.global-max]\nexit = 0");
    assert!(
        error.contains("unknown policy `global-max`") && at == "global-max",
        "{error}"
    );
}

#[test]
fn added_portfolios_are_numbered_last() {
    let scenario = scenario(
        "",
        "[[step]]\nadd = { N = {} }\n[[step]]\nadd = { \"P1..P2\" = {} }\n[[step]]\ndelete = \"P2\"",
    )
    .unwrap();
    let ids: Vec<_> = scenario
        .portfolios()
        .map(|known| known.portfolio.id.0)
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
    let Action::Add(added) = &scenario.steps[1].action else {
        panic!("{:?}", scenario.steps[1]);
    };
    let names: Vec<_> = added
        .iter()
        .map(|added| added.portfolio.name.as_str())
        .collect();
    assert_eq!(names, ["P1", "P2"]);
}

#[test]
fn an_expectation_that_could_never_fail_is_refused_at_its_place() {
    let at = "[expect]\nopen.\"2026-02-10\" = []";
    let (error, span) = error_and_span("", &format!("[[step]]\nrun = {{}}\n{at}"));
    assert_eq!(span, "\"2026-02-10\"");
    assert!(
        error.starts_with("`2026-02-10` is outside the days of the scenario"),
        "{error}"
    );
    assert!(
        error.ends_with("to 2026-01-08; the nearest session is 2026-01-08"),
        "{error}"
    );
    for (step, key, words) in [
        ("advance = \"1 minute\"", "exit = 0", "of a run only"),
        (
            "advance = \"1 minute\"",
            "left-behind-cells = 0",
            "of a run only",
        ),
        ("run = {}", "says = \"\"", "empty text"),
        (
            "run = {}",
            "open.\"2025-01-06\" = []",
            "the nearest session is 20",
        ),
        (
            "run = {}",
            "open.\"2026-01-04\" = []",
            "not a session of the calendar",
        ),
        (
            "run = {}",
            "watermark = 2026-01-04",
            "not a session of the calendar",
        ),
        (
            "run = {}",
            "watermarks.A = 2026-01-04",
            "not a session of the calendar",
        ),
    ] {
        let text = format!("[[step]]\n{step}\n[step.expect]\n{key}");
        let (error, _) = error_and_span("", &text);
        assert!(error.contains(words), "{key}: {error}");
    }
    let (error, span) = error_and_span("", "[expect]\nend = \"complete\"");
    assert!(error.contains("the scenario has none"), "{error}");
    assert_eq!(span, "end");
}

#[test]
fn an_expectation_may_be_of_a_day_that_a_step_makes_a_session() {
    let saturday = "[[step]]\ncalendar = { sessions = [2026-01-03] }\n\
                    expect = { open.\"2026-01-03\" = [] }";
    assert!(scenario("", saturday).is_ok());
    let next_day = "[[step]]\nadvance = \"1 day\"\nexpect = { open.\"2026-01-09\" = [] }";
    assert!(scenario("", next_day).is_ok());
}

#[test]
fn steps_above_their_limit_are_refused_with_their_place() {
    let steps = "[[step]]\nrun = {}\n".repeat(999);
    let meanwhile =
        "[[step]]\nrun = { meanwhile = [{ at = \"after planning\", advance = \"1 day\" }] }\n";
    let text = format!("{steps}{meanwhile}");
    let error = scenario("", &text).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("1001 steps"), "{message}");
    assert!(message.contains("`steps = 1001`"), "{message}");
    assert!(scenario("", &steps).is_ok());
    let raised = format!("{text}[limits]\nsteps = 1001\n");
    scenario("", &raised).unwrap();
}

#[test]
fn the_limit_of_steps_in_a_fixture_counts() {
    let steps = |count| "[[step]]\nrun = {}\n".repeat(count);
    let on_limited = |rest: &str| read(&format!("fixture = \"limited\"\n{rest}"));
    let message = on_limited(&steps(3)).unwrap_err().to_string();
    assert!(message.contains("`steps = 3`"), "{message}");
    on_limited(&steps(2)).unwrap();
    on_limited(&format!("limits.steps = 3\n{}", steps(3))).unwrap();
}

const PAGE: &str = include_str!("../../../docs/scenario-format.md");
const NEW: &str = include_str!("../../cli/commands/scenario/new.toml");

fn assert_passes(name: &str, text: &str) {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/example.toml");
    let scenario = Scenario::read(name, text, &|name| find_fixture(&at, name));
    let scenario = scenario.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    assert!(!scenario.steps.is_empty(), "{text}");
    let result = play(&scenario, CheckLevel::Invariants).unwrap();
    let findings: Vec<_> = result.findings().collect();
    assert!(findings.is_empty(), "{findings:?}\n{text}");
}

#[test]
fn every_documented_example_passes() {
    let examples: Vec<&str> = PAGE
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 5);
    for text in examples {
        assert_passes("an_example", text);
    }
}

#[test]
fn the_new_scenario_template_passes() {
    assert_passes("new", NEW);
}
