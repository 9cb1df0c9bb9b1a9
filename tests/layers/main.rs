//! The fences that the compiler does not draw, checked on the text of the source.
//!
//! | file | checks |
//! |---|---|
//! | `table` | which module may use which |
//! | `gates` | which module alone may use a crate, which file unsafe code |
//! | `tidy` | how long a file may be, how it opens, what things may be called |
//! | `toolchain` | that all files name one version of Rust, which the dependencies accept |
//!
//! Each failure names file, line and rule.

mod gates;
#[path = "../support/source.rs"]
#[allow(dead_code, reason = "each fence looks at its part of a file")]
mod source;
mod table;
mod tidy;
mod toolchain;

/// Fails with every violation, one a line.
fn assert_no_violations(rule: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{rule}\n  {}\n",
        violations.join("\n  ")
    );
}
