//! Formats broken promises.

use serde_json::{Value, json};

use crate::job::BrokenPromise;

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
