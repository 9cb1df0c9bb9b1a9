//! Runs each shipped scenario as a test: its expectations, the invariants, and its golden
//! transcript. `plimsoll scenario run scenarios` reads the same files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use insta::{Settings, assert_snapshot};
use libtest_mimic::{Arguments, Failed, Trial};
use plimsoll::report::Palette;
use plimsoll::scenario::runner::CheckLevel;
use plimsoll::scenario::schema;
use plimsoll::scenario::suite::{ScenarioFile, find_scenarios, orphaned_goldens, play_file};
use plimsoll::scenario::transcript::{Detail, transcript};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = [Path::new("scenarios").to_owned()];
    let found = find_scenarios(&folder).expect("the folder `scenarios` has scenarios");
    let mut trials: Vec<Trial> = found.into_iter().map(trial).collect();
    trials.push(Trial::test("no_golden_file_without_a_scenario", || {
        let orphans = orphaned_goldens(Path::new("snapshots"))?;
        if orphans.is_empty() {
            Ok(())
        } else {
            Err(format!("golden files without a scenario: {orphans:?}").into())
        }
    }));
    trials.push(Trial::test("every_file_matches_its_schema", || {
        check_schema("scenarios", schema::scenario())?;
        check_schema("fixtures", schema::fixture())
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Validates the files of a folder against a schema, as an editor does.
fn check_schema(folder: &str, schema: serde_json::Value) -> Result<(), Failed> {
    let validator = jsonschema::validator_for(&schema)?;
    for file in toml_files(Path::new(folder))? {
        let text = std::fs::read_to_string(&file)?;
        let value: toml::Value = toml::from_str(&text)?;
        if let Err(error) = validator.validate(&to_json(value)) {
            return Err(format!("{}: {error} at {}", file.display(), error.instance_path()).into());
        }
    }
    Ok(())
}

fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(toml_files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// Converts a value to JSON as editors do: dates become text.
fn to_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| (key, to_json(value)));
            serde_json::Value::Object(entries.collect())
        }
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
    }
}

fn trial(found: ScenarioFile) -> Trial {
    Trial::test(found.name.clone(), move || play_golden(&found))
}

fn play_golden(found: &ScenarioFile) -> Result<(), Failed> {
    let result = play_file(&found.path, CheckLevel::Invariants)?;
    let findings: Vec<String> = result
        .findings()
        .map(|(policy, finding)| format!("{policy}: {}", finding.problem))
        .collect();
    if !findings.is_empty() {
        return Err(findings.join("\n").into());
    }
    let (folder, claim) = (found.golden.parent(), found.golden.file_stem());
    let folder = std::path::absolute(folder.unwrap_or(Path::new("")))?;
    let claim = claim.unwrap_or_default().to_string_lossy().into_owned();
    let mut settings = Settings::new();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_input_file(&found.path);
    let text = transcript(&result, Detail::Golden, Palette::Plain);
    settings.bind(|| assert_snapshot!(claim, text));
    Ok(())
}
