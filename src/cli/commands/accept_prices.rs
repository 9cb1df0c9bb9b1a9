//! `plimsoll accept-prices`.

use clap::Args;
use serde_json::json;

use super::author::{PersonArg, non_blank};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Day, DayRange, PriceAcceptance, count_ids};
use crate::engine::{accept_prices, revoke_accepted_prices};
use crate::query;
use crate::report::{self, Palette};

/// Lets unpriced sessions be done with the prices there are, or lists these decisions.
///
/// On an unpriced session most held securities have no close, and all cells wait for them. This
/// command ends the wait: the sessions of the range count as priced, their cells use the last known
/// closes, and securities without a close grow older.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll accept-prices                              list the decisions
  plimsoll accept-prices --from 2026-01-09 --to 2026-01-12 \\
      --reason \"the exchange was closed\"
  plimsoll accept-prices --revoke 1                   wait for closes again")]
pub(crate) struct AcceptPricesArgs {
    /// First day of the range
    #[arg(long, requires_all = ["to", "reason"], value_name = "DAY")]
    from: Option<Day>,

    /// Last day of the range
    #[arg(long, requires = "from", value_name = "DAY")]
    to: Option<Day>,

    /// Reason, as `explain` shows it
    #[arg(long, requires = "from", value_name = "TEXT", value_parser = non_blank)]
    reason: Option<String>,

    #[command(flatten)]
    person: PersonArg,

    /// Revoke the decision with this number; its cells are invalidated
    #[arg(long, conflicts_with = "from", value_name = "NUMBER")]
    revoke: Option<u32>,
}

pub(super) fn execute(context: &Context, args: &AcceptPricesArgs) -> Result<Exit, CliError> {
    match (args.revoke, args.from, args.to, &args.reason) {
        (Some(id), ..) => revoke(context, id),
        (None, Some(from), Some(to), Some(reason)) => accept(
            context,
            &PriceAcceptance {
                days: DayRange::new(from, to)?,
                by: args.person.by.clone(),
                reason: reason.clone(),
            },
        ),
        _ => list(context),
    }
}

fn accept(context: &Context, decision: &PriceAcceptance) -> Result<Exit, CliError> {
    let app = context.app()?;
    let now = app.environment.clock.now();
    let mut writer = app.store.writer()?;
    let (id, days, sessions) =
        writer.write(|writing| accept_prices(writing, &app.settings, decision, now))?;
    match context.format() {
        Format::Json => {
            print_json(&json!({ "id": id, "last": days.last(), "sessions": sessions }))?
        }
        Format::Text => {
            let cut = match days == decision.days {
                true => String::new(),
                false => format!(
                    "\nSessions after {} are not accepted, since they are not due yet.",
                    days.last()
                ),
            };
            print(&format!(
                "accepted the prices of {} (number {id}); `plimsoll run` does their cells.{cut}",
                report::count_with_noun(sessions.len() as u64, "unpriced session"),
            ))?;
        }
    }
    Ok(Exit::Complete)
}

fn revoke(context: &Context, id: u32) -> Result<Exit, CliError> {
    let app = context.app()?;
    let now = app.environment.clock.now();
    let mut writer = app.store.writer()?;
    let (cells, sessions) =
        writer.write(|writing| revoke_accepted_prices(writing, &app.settings, id, now))?;
    let invalidated = count_ids(&cells);
    match context.format() {
        Format::Json => print_json(&json!({
            "id": id, "invalidated": invalidated, "sessions": sessions
        }))?,
        Format::Text => {
            let sessions = match sessions.len() as u64 {
                0 => "no session waits for closes again: they came, or another decision covers it"
                    .to_owned(),
                waiting => format!(
                    "the cells of {} wait for closes again",
                    report::count_with_noun(waiting, "session")
                ),
            };
            let invalidated = report::count_with_noun(invalidated, "cell phase");
            print(&format!(
                "revoked number {id}; {invalidated} invalidated; {sessions}."
            ))?;
        }
    }
    Ok(Exit::Complete)
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let accepted = query::accepted_prices(&context.store()?)?;
    context.show(&accepted, || {
        report::accepted_prices_text(&accepted, Palette::Colour)
    })?;
    Ok(Exit::Complete)
}
