//! The arguments that say who takes a record back, and why.

use clap::Args;

use crate::domain::Attribution;

/// Person and reason of a change by hand.
#[derive(Debug, Args)]
pub(crate) struct AuthorArgs {
    /// Reason, which the history keeps
    #[arg(long, value_name = "TEXT", value_parser = non_blank)]
    reason: String,

    /// Name of the person
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown")]
    by: String,
}

impl AuthorArgs {
    pub(super) fn attribution(&self) -> Attribution {
        Attribution {
            by: self.by.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// Parses a reason, which must have words.
pub(super) fn non_blank(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason needs words".to_owned()),
        reason => Ok(reason.to_owned()),
    }
}
