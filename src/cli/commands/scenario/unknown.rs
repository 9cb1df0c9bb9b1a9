//! The error of a policy that no scenario has.

use crate::cli::error::CliError;
use crate::domain::nearest;

/// Returns the usage error for the policy `name`, with the nearest known name, else all of them.
pub(super) fn unknown_policy<'n>(
    problem: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> CliError {
    CliError::Usage(match nearest(name, known.clone()) {
        Some(nearest) => format!("{problem} `{name}`; did you mean `{nearest}`?"),
        None => {
            let known: Vec<_> = known.collect();
            format!("{problem} `{name}` (known: {})", known.join(", "))
        }
    })
}
