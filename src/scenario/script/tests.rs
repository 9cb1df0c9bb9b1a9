//! Tests of reading scenarios.

use std::path::PathBuf;

use super::{Action, FixtureError, Scenario, ScenarioError};

const HEAD: &str = "now = 2026-01-08T18:00:00-05:00\nmarket.shares = 16\n";
const PORTFOLIOS: &str = "[portfolios]\nA = { complete = \"..2026-01-07\" }\n\"B..D\" = { complete = \"..2026-01-05\" }\n";

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::read("a_claim", text, &|name| {
        let path = PathBuf::from(format!("fixtures/{name}.toml"));
        match name {
            "shared" => Ok((path, format!("{HEAD}seed = 4\n{PORTFOLIOS}"))),
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
            "[expect.per-cell]\nprocesed.\"2026-01-08\" = []",
            "processed",
            "procesed",
        ),
        (
            "",
            "[expect]\nprocessed.\"2026-01-08\" = [\"F\"]",
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
        "[expect]\nexit = 0\n[expect.mine]\nleft_behind.\"2026-01-06\" = [\"B..D\"]",
    )
    .unwrap();
    assert_eq!(two_policies.expected.exit, Some(0));
    assert_eq!(two_policies.expected_by_policy["mine"].cells.len(), 1);
    let (error, at) = error_and_span("", "[expect.global-max]\nexit = 0");
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
