//! Faults in telling an outage of the price feed from securities that are late or dead.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const SESSION_PRICES: &str = "src/engine/session_prices.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "dead-feed-is-a-dead-market",
        "no session is unpriced",
        &[Scenario(
            "unpriced/a_feed_that_stops_leaves_every_cell_waiting",
        )],
        &[edit(
            SESSION_PRICES,
            "missing as f64 > self.max_unpriced_share * held as f64",
            "missing as f64 > self.max_unpriced_share * held as f64",
            "missing > held",
        )],
    ),
    fault(
        "one-missing-close-is-an-outage",
        "a single missing close makes a session unpriced",
        &[Scenario(
            "gaps_and_corrections/a_late_price_blocks_its_holders_until_it_arrives",
        )],
        &[edit(
            SESSION_PRICES,
            "missing as f64 > self.max_unpriced_share * held as f64",
            "missing as f64 > self.max_unpriced_share * held as f64",
            "held > 0 && missing > 0",
        )],
    ),
    fault(
        "outages-age-securities",
        "a security grows older on an unpriced session",
        &[Scenario(
            "unpriced/an_outage_does_not_use_up_the_patience_with_a_late_security",
        )],
        &[edit(
            SESSION_PRICES,
            "priced += usize::from(!is_unpriced);",
            "usize::from(!is_unpriced)",
            "usize::from(!is_unpriced || true)",
        )],
    ),
    fault(
        "accepted-prices-not-read",
        "an unpriced session waits although its prices are accepted",
        &[Scenario(
            "unpriced/a_world_with_accepted_prices_does_not_wait",
        )],
        &[edit(
            SESSION_PRICES,
            "self.accepted.iter().any(|days| days.contains(day))",
            "self.accepted.iter().any(|days| days.contains(day))",
            "self.accepted.is_empty() && false",
        )],
    ),
    fault(
        "deleted-portfolios-hold",
        "the holdings of deleted portfolios decide whether a session is priced",
        &[Scenario(
            "unpriced/holdings_of_other_portfolios_decide_whether_a_session_is_priced",
        )],
        &[edit(
            "src/engine/security_holders.rs",
            "lifecycle.is_active()",
            "lifecycle.is_active()",
            "true",
        )],
    ),
    fault(
        "sold-securities-count",
        "securities that are not held any more decide whether a session is priced",
        &[Scenario(
            "unpriced/sold_private_and_inactive_securities_do_not_make_an_outage",
        )],
        &[edit(
            "src/engine/security_holders.rs",
            "is_held |= range.contains(day)",
            "range.contains(day)",
            "range.first() <= day",
        )],
    ),
    fault(
        "deletion-leaves-unpriced-cells",
        "the cells of others stay done when a session becomes unpriced without a deleted portfolio",
        &[Scenario(
            "unpriced/a_session_that_becomes_unpriced_waits_for_all",
        )],
        &[edit(
            "src/invalidation/lifecycle.rs",
            "writing.check_unpriced_from(Day::MIN)?;",
            "Day::MIN",
            "Day::MAX",
        )],
    ),
    fault(
        "deleted-close-leaves-unpriced-cells",
        "the cells of others stay done when a session becomes unpriced without a deleted close",
        &[Scenario(
            "unpriced/a_session_that_becomes_unpriced_waits_for_all",
        )],
        &[edit(
            "src/invalidation/prices.rs",
            "facts.check_unpriced_from(writing, *first)?;",
            "*first",
            "Day::MAX",
        )],
    ),
    fault(
        "limit-hides-outages",
        "cells that take the place of waiting ones below a limit are not checked for prices",
        &[Scenario("unpriced/a_limit_does_not_reach_into_an_outage")],
        &[edit(
            "src/engine/survey.rs",
            "limit: Limit::None",
            "Limit::None",
            "request.limit",
        )],
    ),
    fault(
        "calendars-not-counted",
        "the securities of one calendar are not counted by themselves",
        &[Scenario(
            "unpriced/the_stopped_feed_of_one_calendar_stops_its_holders_only",
        )],
        &[edit(
            SESSION_PRICES,
            "let by_calendar: Vec<_> = match by_calendar.len() {",
            "by_calendar.len()",
            "0_usize",
        )],
    ),
    fault(
        "all-wait-for-one-calendar",
        "every cell waits on a session that is unpriced for one calendar",
        &[Scenario(
            "unpriced/the_stopped_feed_of_one_calendar_stops_its_holders_only",
        )],
        &[edit(
            "src/plan/decide.rs",
            "match self.survey.unpriced_holders.get(&day) {",
            "self.survey.unpriced_holders.get(&day)",
            "self.survey.unpriced_holders.get(&day).filter(|_| false)",
        )],
    ),
];
