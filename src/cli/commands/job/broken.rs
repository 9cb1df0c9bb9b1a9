//! Formats broken promises, and those that are not checked.

use serde_json::{Value, json};

use crate::job::{BrokenPromise, Promise, UncheckedPromise};
use crate::report::count_with_noun;

/// Returns a line for each broken promise.
pub(super) fn broken_text(broken: &[BrokenPromise]) -> String {
    let lines = broken.iter();
    lines
        .map(|broken| format!("BROKEN  {}: {}\n", broken.promise, broken.text))
        .collect()
}

/// Returns the broken promises as JSON.
pub(super) fn broken_json(broken: &[BrokenPromise]) -> Value {
    let entries = broken.iter();
    entries
        .map(|broken| json!({ "promise": broken.promise, "says": broken.text }))
        .collect()
}

/// Returns how many promises were kept, with those that were not checked.
pub(super) fn kept_text(unchecked: &[UncheckedPromise]) -> String {
    let kept = Promise::ALL.len() - unchecked.len();
    match unchecked.is_empty() {
        true => "all promises kept".to_owned(),
        false => format!(
            "{} kept\n{}",
            count_with_noun(kept as u64, "checked promise"),
            unchecked_text(unchecked).trim_end()
        ),
    }
}

/// Returns a line for each promise that is not checked.
pub(in crate::cli) fn unchecked_text(unchecked: &[UncheckedPromise]) -> String {
    let lines = unchecked.iter();
    lines
        .map(|unchecked| format!("not checked  {unchecked}\n"))
        .collect()
}
