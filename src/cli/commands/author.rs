//! Defines the arguments for the person and the reason of a change by hand.

use clap::Args;

use crate::domain::Attribution;

/// Person and reason of a change by hand.
#[derive(Debug, Args)]
pub(crate) struct AuthorArgs {
    /// Reason, which the history keeps
    #[arg(long, value_name = "TEXT", value_parser = non_blank)]
    reason: String,

    #[command(flatten)]
    person: PersonArg,
}

/// The person who makes a change by hand.
#[derive(Debug, Args)]
pub(crate) struct PersonArg {
    /// Name of the person, which the history keeps
    #[arg(long, value_name = "NAME", default_value_t = login_name(), hide_default_value = true, value_parser = person)]
    pub(super) by: String,
}

impl AuthorArgs {
    pub(super) fn attribution(&self) -> Attribution {
        Attribution {
            by: self.person.by.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// Returns the name of the login. Jobs of cron have no `USER`.
#[expect(clippy::disallowed_methods, reason = "read once, by the command line")]
fn login_name() -> String {
    let names = ["USER", "LOGNAME"].map(std::env::var);
    let mut names = names.into_iter().flatten();
    let named = names.find(|name| !name.trim().is_empty());
    named.unwrap_or_else(|| "unknown".to_owned())
}

fn person(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a person has a name".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// Parses a reason, which must have words.
pub(super) fn non_blank(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason needs words".to_owned()),
        reason => Ok(reason.to_owned()),
    }
}
