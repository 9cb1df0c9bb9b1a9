//! The default folder of scenarios.

use std::borrow::Cow;
use std::path::PathBuf;

/// Returns the given paths, or `./scenarios` if there are none.
pub(in crate::cli) fn or_default_paths(paths: &[PathBuf]) -> Cow<'_, [PathBuf]> {
    if paths.is_empty() {
        Cow::Owned(vec![PathBuf::from("scenarios")])
    } else {
        Cow::Borrowed(paths)
    }
}
