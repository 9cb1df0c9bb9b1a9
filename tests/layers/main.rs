//! Checks rules that the compiler does not check, on the text of the source and the docs.
//!
//! | file | checks |
//! |---|---|
//! | `table` | each module uses only the modules that its layer allows |
//! | `circles` | files do not import each other in a circle (found by `paths` and `imports`) |
//! | `gates` | crates for outside powers, and unsafe code, stay where they belong |
//! | `tidy` | how long a file may be, how it opens, empty words in names |
//! | `language` | banned words (listed in `words`), openings of module comments, empty doc comments |
//! | `references` | that paths and items named in the docs exist |
//! | `toolchain` | all files name one version of Rust, which the dependencies support |
//!
//! Each failure names the file, the line and the rule.

mod circles;
mod gates;
mod imports;
mod language;
mod paths;
mod references;
#[path = "../support/source.rs"]
#[allow(dead_code, reason = "each check uses a part of it")]
mod source;
mod table;
mod text;
mod tidy;
mod toolchain;
mod words;

/// Fails with the rule and every violation, one per line.
fn assert_no_violations(rule: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{rule}\n  {}\n",
        violations.join("\n  ")
    );
}
