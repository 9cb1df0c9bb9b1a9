//! Scenarios with a job: expectations, promises, golden files, and what does not apply.

use crate::workspace::Workspace;

const INCIDENT: &str = "\
now = 2026-01-08T18:00:00-05:00
policies = [\"global-max\", \"per-cell\"]
[portfolios]
A = { complete = \"..2026-01-07\" }
\"B..D\" = { complete = \"..2026-01-05\" }
[[step]]
run = {}
[expect.per-cell]
processed.\"2026-01-06\" = [\"B..D\"]
watermark = 2026-01-08
[expect.global-max]
left-behind.\"2026-01-06\" = [\"B..D\"]
";

const ALL: &[&str] = &["scenario", "run", "scenarios", "--job", "job.toml"];

#[test]
fn the_incident_fails_with_its_job_and_passes_with_a_correct_one() {
    let incident = Workspace::of_example("newest_of_any.py");
    incident.write("scenarios/incident.toml", INCIDENT);
    let found = incident.run(ALL);
    assert_eq!(found.code, 1, "{}{}", found.stdout, found.stderr);
    for text in [
        "FAILED    incident",
        "processed on 2026-01-06: expected B..D, found none",
        "finds-every-needed-cell: 2026-01-06: 3 of 4 portfolios left behind (B..D)",
    ] {
        assert!(found.stdout.contains(text), "{}", found.stdout);
    }
    assert!(incident.scratch_files().is_empty());

    let correct = Workspace::of_example("every_missing_day.py");
    correct.write("scenarios/incident.toml", INCIDENT);
    let passed = correct.run(ALL);
    assert_eq!(passed.code, 0, "{}{}", passed.stdout, passed.stderr);
    assert!(passed.stdout.contains("1 of 1 scenario passed"));
}

#[test]
fn golden_files_are_kept_for_each_job() {
    let workspace = Workspace::of_example("every_missing_day.py");
    workspace.write("scenarios/mine/incident.toml", INCIDENT);
    let accept: Vec<_> = ALL.iter().copied().chain(["--accept"]).collect();
    let accepted = workspace.run(&accept);
    assert_eq!(accepted.code, 0, "{}", accepted.stdout);
    let golden = workspace.path("snapshots/jobs/job/mine/incident.snap");
    let text = std::fs::read_to_string(&golden).unwrap();
    assert!(text.contains("input_file: scenarios/mine/incident.toml"));
    assert!(
        text.contains("ended        complete, 10 of 10 cells done, exit 0"),
        "{text}"
    );
    assert_eq!(workspace.run(ALL).code, 0);
    std::fs::write(&golden, text.replace("10 of 10", "9 of 10")).unwrap();
    let differs = workspace.run(ALL);
    assert!(differs.code == 1 && differs.stdout.contains("differs from"));
    let junit: Vec<_> = ALL
        .iter()
        .copied()
        .chain(["--junit", "results.xml"])
        .collect();
    assert_eq!(workspace.run(&junit).code, 1);
    let junit = std::fs::read_to_string(workspace.path("results.xml")).unwrap();
    assert!(junit.contains("- golden   + now"), "{junit}");
}

#[test]
fn steps_of_a_job_are_played_and_others_do_not_apply() {
    let workspace = Workspace::of_example("every_missing_day.py");
    workspace.write(
        "scenarios/steps.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-05, complete = \"..2026-01-07\" }\n\
         B = { inception = 2026-01-05, complete = \"..2026-01-06\", holes = 2026-01-06 }\n\
         [[step]]\ndelete = \"B\"\n[[step]]\nrun = {}\n\
         expect = { processed.\"2026-01-08\" = [\"A\"], processed-cells = 1 }\n\
         [[step]]\nrestore = \"B\"\n[[step]]\nrun = { portfolios = [\"B\"] }\n\
         expect = { processed-cells = 3 }\n\
         [[step]]\nadd = { N = { inception = 2026-01-08 } }\n\
         [[step]]\nonboard = \"N\"\nexpect = { open-cells = 0 }\n\
         [[step]]\nadvance = \"24 hours\"\n[[step]]\nrun = {}\n\
         expect = { processed.\"2026-01-09\" = [\"A\", \"B\", \"N\"] }\n\
         [[step]]\nrun = { force = 2026-01-07 }\n\
         expect = { processed.\"2026-01-07\" = [\"A\", \"B\"], processed-cells = 2 }\n",
    );
    workspace.write(
        "scenarios/prices.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n\
         [[step]]\nprices = { MKT = { 2026-01-06 = 101.5 } }\n[[step]]\nrun = {}\n",
    );
    let found = workspace.run(ALL);
    assert_eq!(found.code, 0, "{}{}", found.stdout, found.stderr);
    assert!(found.stdout.contains("passed    steps"), "{}", found.stdout);
    let skipped = "skipped   prices\n  not applicable: step 1: the tables have no sources";
    assert!(found.stdout.contains(skipped), "{}", found.stdout);

    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    workspace.write("job.toml", &format!("calendar = \"every-day\"\n{job}"));
    let other = workspace.run(ALL);
    let reason = "its calendar is `new-york`, that of the job `every-day`";
    assert!(other.stdout.contains(reason), "{}", other.stdout);
    workspace.write("job.toml", &job);

    std::fs::remove_file(workspace.path("scenarios/steps.toml")).unwrap();
    let nothing = workspace.run(ALL);
    assert_eq!(nothing.code, 1, "a suite that looked at nothing passes");
}

#[test]
fn results_are_json_and_junit() {
    let workspace = Workspace::of_example("newest_of_any.py");
    workspace.write("scenarios/incident.toml", INCIDENT);
    let arguments = ["--json", "--junit", "results.xml"];
    let arguments: Vec<_> = ALL.iter().copied().chain(arguments).collect();
    let json: serde_json::Value = serde_json::from_str(&workspace.run(&arguments).stdout).unwrap();
    assert_eq!(
        (&json["failed"], &json["not-applicable"]),
        (&1.into(), &0.into())
    );
    let findings = json["scenarios"][0]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|found| found["kind"] == "promise"));
    let junit = std::fs::read_to_string(workspace.path("results.xml")).unwrap();
    assert!(junit.contains("finds-every-needed-cell"), "{junit}");
}

#[test]
fn two_runs_at_once_are_a_step() {
    let twice = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                 \"A..C\" = { inception = 2026-01-05, complete = \"..2026-01-07\" }\n\
                 [[step]]\n[[step.run.meanwhile]]\nat = \"after planning\"\nrun = {}\n\
                 [step.expect]\nprocessed.\"2026-01-08\" = [\"A\", \"B\", \"C\"]\nopen-cells = 0\n";
    let play = |script: &str, scenario: &str| {
        let workspace = Workspace::of_example(script);
        workspace.write("scenarios/twice.toml", scenario);
        let output = workspace.run(ALL);
        (output.code, output.stdout)
    };
    let (code, text) = play("every_missing_day.py", twice);
    assert_eq!(code, 0, "{text}");
    // It lists its work before it writes, so both do all of it.
    let (code, text) = play("oldest_newest.py", twice);
    let found = "step 1: two-runs-do-each-cell-once: written by both: 2026-01-08: A..C";
    assert!(code == 1 && text.contains(found), "{text}");
    // The result is that of both, so neither has expectations of its own.
    let second = "run = {}\nexpect = { exit = 4 }\n";
    let (code, text) = play("every_missing_day.py", &twice.replace("run = {}\n", second));
    assert!(
        code == 1 && text.contains("not applicable: step 1"),
        "{text}"
    );
    // Plimsoll refuses the second run, and does each cell once too.
    let workspace = Workspace::new("");
    workspace.write("scenarios/twice.toml", twice);
    let accept = workspace.run(&["scenario", "run", "scenarios", "--accept"]);
    assert_eq!(accept.code, 0, "{}", accept.stdout);
}

#[test]
fn cells_that_a_failed_command_left_are_open() {
    let workspace = Workspace::new("run = \"exit 1; : {path} {target}\"");
    workspace.write("scenarios/incident.toml", INCIDENT);
    let json = workspace.run(&[ALL, &["--json"]].concat()).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let text = json.to_string();
    assert!(!text.contains("deferred"), "{text}");
}

#[test]
fn worlds_that_the_tables_cannot_hold_do_not_apply() {
    let world = |keys: &str, rest: &str| {
        format!(
            "now = 2026-01-08T18:00:00-05:00\n{rest}[portfolios]\n\
             A = {{ inception = 2026-01-05, complete = \"..2026-01-07\"{keys} }}\n[[step]]\nrun = {{}}\n"
        )
    };
    let workspace = Workspace::of_example("every_missing_day.py");
    for (scenario, reason) in [
        (
            world(", cash = 1_000", ""),
            "it gives transactions, holdings or prices",
        ),
        (
            world(", currency = \"EUR\"", ""),
            "`A` is in EUR, and the map has no `currency`",
        ),
        (
            world("", "calendar = \"every-day\"\n"),
            "its calendar is `every-day`, and the job file has no",
        ),
        (
            world("", "[calendar-amendments]\nclosed = [2026-01-08]\n"),
            "its calendar `new-york` is amended",
        ),
        (
            world("", "") + "[[run]]\nstarted = 2026-01-07T18:00:00-05:00\nstate = \"failed\"\n",
            "it has past runs, and the map has no `runs`",
        ),
    ] {
        workspace.write("scenarios/world.toml", &scenario);
        let output = workspace.run(ALL);
        assert!(
            output.code == 1 && output.stdout.contains(reason),
            "{}",
            output.stdout
        );
    }

    // With a map of the runs, they are written.
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let runs = "[map.runs]\nstarted = \"started_at\"\nstate = \"status\"\ntarget = \"target\"\n";
    let shell = "[commands]\nrun = \"sqlite3 {path} 'SELECT status, target FROM runs'; exit 9; : {target}\"\n";
    let (before, _) = job.split_once("[commands]").unwrap();
    workspace.write("job.toml", &format!("{before}{runs}{shell}"));
    let past =
        "[[run]]\nstarted = 2026-01-07T18:00:00-05:00\nstate = \"failed\"\ntarget = 2026-01-07\n";
    workspace.write("scenarios/world.toml", &(world("", "") + past));
    let output = workspace.run(ALL);
    assert!(
        output.stdout.contains("failed|2026-01-07"),
        "{}",
        output.stdout
    );
}

#[test]
fn an_absent_golden_file_is_named_where_it_would_be() {
    let workspace = Workspace::of_example("newest_of_any.py");
    workspace.write("scenarios/mine/incident.toml", INCIDENT);
    let json = workspace.run(&[&["--json"], ALL].concat()).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["scenarios"][0]["golden"], "absent", "{json}");
    let lines = &json["scenarios"][0]["output"][0]["lines"];
    assert_eq!(lines[0], "4 snapshots written", "{json}");
    // A finding is not cured by a golden file.
    let accept = workspace.run(&[ALL, &["--accept"]].concat());
    assert!(
        !accept.stdout.contains("then accept it with --accept"),
        "{}",
        accept.stdout
    );
    assert!(
        accept.stdout.contains("| 4 snapshots written"),
        "{}",
        accept.stdout
    );

    let correct = Workspace::of_example("every_missing_day.py");
    correct.write("scenarios/mine/incident.toml", INCIDENT);
    assert_eq!(correct.run(&[ALL, &["--accept"]].concat()).code, 0);
    let golden = correct.path("snapshots/jobs/job/mine/incident.snap");
    let text = std::fs::read_to_string(&golden).unwrap();
    std::fs::write(&golden, text.replace("10 of 10", "9 of 10")).unwrap();
    let differs = correct.run(ALL).stdout;
    assert!(
        differs.contains("differs from snapshots/jobs/job/mine/incident.snap"),
        "{differs}"
    );
}
