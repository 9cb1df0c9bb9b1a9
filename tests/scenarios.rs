//! Every scenario that is shipped is a test of its own: what it expects, what must hold always,
//! and its golden transcript. `plimsoll scenario run scenarios` reads the same files.

use std::path::Path;
use std::process::ExitCode;

use insta::{Settings, assert_snapshot};
use libtest_mimic::{Arguments, Failed, Trial};
use plimsoll::report::Palette;
use plimsoll::scenario::play::Pace;
use plimsoll::scenario::suite::{Found, find, orphans, tell};
use plimsoll::scenario::transcript::{Detail, transcript};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = [Path::new("scenarios").to_owned()];
    let found = find(&folder).expect("the folder of scenarios holds some");
    let mut trials: Vec<Trial> = found.into_iter().map(trial).collect();
    trials.push(Trial::test("no_golden_file_without_a_scenario", || {
        let orphans = orphans(Path::new("snapshots"))?;
        if orphans.is_empty() {
            Ok(())
        } else {
            Err(format!("golden files without a scenario: {orphans:?}").into())
        }
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(found: Found) -> Trial {
    Trial::test(found.name.clone(), move || play(&found))
}

fn play(found: &Found) -> Result<(), Failed> {
    let told = tell(&found.path, Pace::Checked)?;
    let findings: Vec<String> = told
        .findings()
        .map(|(policy, one)| format!("{policy}: {}", one.says))
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
    let text = transcript(&told, Detail::Golden, Palette::Plain);
    settings.bind(|| assert_snapshot!(claim, text));
    Ok(())
}
