//! Where scenarios are looked for.

use std::borrow::Cow;
use std::path::PathBuf;

/// The paths that were named; `./scenarios` where none was.
pub(in crate::cli) fn or_default_paths(paths: &[PathBuf]) -> Cow<'_, [PathBuf]> {
    if paths.is_empty() {
        Cow::Owned(vec![PathBuf::from("scenarios")])
    } else {
        Cow::Borrowed(paths)
    }
}
