//! Builds the program that detects: this test, from the sources with all mutants.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::copy;
use crate::mutant::Mutant;

/// The program that detects.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    program: PathBuf,
}

impl Detector {
    /// Copies the sources with the mutants and builds this test from them, with the dependencies
    /// that are built already.
    pub(crate) fn build(mutants: &[Mutant]) -> io::Result<Self> {
        let original = Path::new(env!("CARGO_MANIFEST_DIR"));
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let copy = scratch.join("mutants");
        copy::write(original, &copy, mutants)?;
        // The scratch folder is `tmp` in the target folder.
        let target = scratch.parent().expect("a folder in the target folder");
        let mut cargo = Command::new(env!("CARGO"));
        // Cargo describes this test in variables that build scripts of dependencies watch: with
        // them, the dependencies would be built again.
        let described = std::env::vars_os().map(|(name, _)| name).filter(|name| {
            let name = name.to_string_lossy();
            name == "OUT_DIR" || name.starts_with("CARGO_") && name != "CARGO_HOME"
        });
        described.for_each(|name| {
            cargo.env_remove(name);
        });
        let output = cargo
            .args(["test", "--offline", "--locked", "--no-run", "--quiet"])
            .args(["--test", "mutants", "--message-format=json"])
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", target)
            .stderr(Stdio::piped())
            .output()?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let messages = messages
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let messages: Vec<serde_json::Value> = messages.collect();
        if !output.status.success() {
            let errors = messages
                .iter()
                .filter(|message| message["message"]["level"] == "error");
            let errors = errors.filter_map(|message| message["message"]["rendered"].as_str());
            let errors: String = errors.collect();
            let rest = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!("{errors}{rest}")));
        }
        let program = messages.iter().find_map(|message| {
            let is_test = message["target"]["name"] == "mutants";
            message["executable"].as_str().filter(|_| is_test)
        });
        let program = program.ok_or_else(|| io::Error::other("cargo names no program"))?;
        Ok(Self {
            program: program.into(),
        })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }
}
