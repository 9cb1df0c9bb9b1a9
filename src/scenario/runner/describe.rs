//! Describes steps in a few words, for transcripts and results.

use crate::domain::PortfolioId;
use crate::report::count_with_noun;
use crate::scenario::names::format_names;
use crate::scenario::script::{Action, Power, Run, Scenario, SignedDuration};

/// Describes a step in a few words, for transcripts and results.
pub(crate) fn describe(action: &Action, scenario: &Scenario) -> String {
    let name = |id: PortfolioId| {
        let mut portfolios = scenario.portfolios();
        let found = portfolios.find(|portfolio| portfolio.portfolio.id == id);
        found.map_or_else(
            || format!("portfolio {}", id.0),
            |portfolio| portfolio.portfolio.name.clone(),
        )
    };
    match action {
        Action::Run(run) => describe_run(run),
        Action::Plan(run) => describe_request("plan", run),
        Action::Onboard(name) => format!("onboard {name}"),
        Action::Invalidate(invalidation) => {
            let portfolios = invalidation.portfolios.as_ref().map_or_else(
                || "all portfolios".to_owned(),
                |ids| format_names(&ids.iter().map(|id| name(*id)).collect::<Vec<_>>()),
            );
            format!(
                "invalidate {portfolios} on {}: {}",
                invalidation.days, invalidation.reason
            )
        }
        Action::Retry { portfolio, .. } => {
            let portfolios = portfolio.map_or_else(|| "all failed phases".to_owned(), name);
            format!("retry {portfolios}")
        }
        Action::Delete(portfolios) => format!("delete {}", format_names(portfolios)),
        Action::Restore(portfolios) => format!("restore {}", format_names(portfolios)),
        Action::Close(closing_days) => {
            let each = closing_days
                .iter()
                .map(|(name, day)| format!("{name} after {day}"));
            format!("close {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Add(portfolios) => {
            let names: Vec<_> = portfolios
                .iter()
                .map(|portfolio| portfolio.portfolio.name.clone())
                .collect();
            format!("add {}", format_names(&names))
        }
        Action::Prices(closes) => {
            let listing = &scenario.world.listing;
            let each = closes.iter().map(|close| {
                let symbol = &listing.security(close.security).symbol;
                format!("{symbol} {} on {}", close.close, close.day)
            });
            format!("prices: {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Transactions(entries) => {
            let each = entries.iter().map(|transaction| {
                format!(
                    "{} of {} on {}",
                    transaction.kind,
                    name(transaction.portfolio),
                    transaction.day
                )
            });
            format!("record {}", each.collect::<Vec<_>>().join(", "))
        }
        Action::Split(split) => {
            let symbol = &scenario.world.listing.security(split.security).symbol;
            format!(
                "{symbol} splits {} for {} on {}",
                split.new, split.old, split.day
            )
        }
        Action::AcceptPrices(decision) => {
            format!(
                "accept the prices of {}: {}",
                decision.days, decision.reason
            )
        }
        Action::Import(import) => format!("import {} ({})", import.file, import.kind),
        Action::Void(ids, attribution) => {
            format!("void {}: {}", ids.join(", "), attribution.reason)
        }
        Action::DeletePrices {
            symbol,
            days,
            attribution,
        } => format!(
            "delete the closes of {symbol} on {days}: {}",
            attribution.reason
        ),
        Action::DeleteAction(action, attribution) => format!(
            "delete the {} of {} on {}: {}",
            action.kind, action.symbol, action.day, attribution.reason
        ),
        Action::Advance(by) => format!("the clock moves {}", SignedDuration(*by).describe()),
        Action::Clock(_) => "the clock is set".to_owned(),
        Action::Calendar { summary, .. } => format!("the calendar changes: {summary}"),
        Action::OwnCalendar(own) => format!("import the calendar {}", own.name()),
        Action::Configure(_) => "the configuration changes".to_owned(),
    }
}

fn describe_run(run: &Run) -> String {
    let mut text = describe_request("run", run);
    if let Some(point) = run.cancel {
        text += &format!(", cancelled {point}");
    }
    if let Some(crash) = run.crash {
        let crash_text = match crash.power {
            Power::On => "crashes",
            Power::Cut => "power fails",
        };
        text += &format!(", {crash_text} {}", crash.at);
    }
    text
}

/// Describes the cells that a run or a plan is about.
fn describe_request(verb: &str, run: &Run) -> String {
    let mut parts = vec![verb.to_owned()];
    parts.extend(run.portfolios.as_ref().map(|names| {
        if names.is_empty() {
            "of no portfolios".to_owned()
        } else {
            format!("of {}", format_names(names))
        }
    }));
    parts.extend(
        run.policy
            .as_ref()
            .map(|policy| format!("by {}", policy.name)),
    );
    parts.extend(run.force.map(|days| format!("forced for {days}")));
    parts.extend(run.from.map(|day| format!("from {day}")));
    parts.extend(run.to.map(|day| format!("to {day}")));
    parts.extend(run.target.map(|day| format!("up to {day}")));
    parts.extend(
        run.limit
            .map(|cells| format!("of at most {}", count_with_noun(cells, "cell"))),
    );
    parts.extend(
        run.max_cells
            .map(|cells| format!("refusing more than {}", count_with_noun(cells, "cell"))),
    );
    parts.join(" ")
}
