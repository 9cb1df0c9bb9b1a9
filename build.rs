//! Tells a release build which commit it is of, where it is built in a checkout; what a seed comes
//! to can only be seen again on the same commit.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PLIMSOLL_COMMIT");
    let is_release = std::env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    let is_said = std::env::var_os("PLIMSOLL_COMMIT").is_some();
    // It gains a line with every commit.
    let history = Path::new(".git/logs/HEAD");
    if !is_release || is_said || !history.exists() {
        return;
    }
    println!("cargo::rerun-if-changed={}", history.display());
    let commit = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output();
    if let Ok(commit) = commit
        && commit.status.success()
        && let Ok(commit) = String::from_utf8(commit.stdout)
    {
        println!("cargo::rustc-env=PLIMSOLL_COMMIT={}", commit.trim());
    }
}
