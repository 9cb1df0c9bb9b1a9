//! Faults in telling an outage of the price feed from securities that are late or dead.

use crate::mutant::{Change, Detection, Edit, Mutant};

/// Changes an expression of the code that finds unpriced sessions.
macro_rules! price_fault {
    ($name:literal, $fault:literal, $found_by:literal, $file:literal, $text:literal => $mutated:literal) => {
        price_fault!($name, $fault, $found_by, $file, $text, $text => $mutated)
    };
    (
        $name:literal, $fault:literal, $found_by:literal, $file:literal, $place:literal,
        $text:literal => $mutated:literal
    ) => {
        Mutant {
            name: $name,
            fault: $fault,
            change: Change::Source(&[Edit {
                file: $file,
                place: $place,
                text: $text,
                mutated: $mutated,
            }]),
            found_by: &[Detection::Scenario($found_by)],
        }
    };
}

pub(crate) const MUTANTS: &[Mutant] = &[
    price_fault!(
        "dead-feed-is-a-dead-market",
        "no session is unpriced",
        "unpriced/a_feed_that_stops_leaves_every_cell_waiting",
        "src/engine/session_prices.rs",
        "missing as f64 > self.max_unpriced_share * held as f64" => "missing > held"
    ),
    price_fault!(
        "one-missing-close-is-an-outage",
        "a single missing close makes a session unpriced",
        "gaps_and_corrections/a_late_price_blocks_its_holders_until_it_arrives",
        "src/engine/session_prices.rs",
        "missing as f64 > self.max_unpriced_share * held as f64" => "held > 0 && missing > 0"
    ),
    price_fault!(
        "outages-age-securities",
        "a security grows older on an unpriced session",
        "unpriced/an_outage_does_not_use_up_the_patience_with_a_late_security",
        "src/engine/session_prices.rs",
        "self.unpriced(*day)?.is_none()" => "true"
    ),
    price_fault!(
        "accepted-prices-not-read",
        "an unpriced session waits although its prices are accepted",
        "unpriced/a_world_with_accepted_prices_does_not_wait",
        "src/engine/session_prices.rs",
        "self.accepted.iter().any(|days| days.contains(day))" => "self.accepted.is_empty() && false"
    ),
    price_fault!(
        "deleted-portfolios-hold",
        "the holdings of deleted portfolios decide whether a session is priced",
        "unpriced/holdings_of_other_portfolios_decide_whether_a_session_is_priced",
        "src/engine/security_holders.rs",
        "lifecycle.is_active()" => "true"
    ),
    price_fault!(
        "sold-securities-count",
        "securities that are not held any more decide whether a session is priced",
        "unpriced/sold_private_and_inactive_securities_do_not_make_an_outage",
        "src/engine/security_holders.rs",
        "is_held |= range.contains(day)",
        "range.contains(day)" => "range.first() <= day"
    ),
    price_fault!(
        "limit-hides-outages",
        "cells that take the place of waiting ones below a limit are not checked for prices",
        "unpriced/a_limit_does_not_reach_into_an_outage",
        "src/engine/survey.rs",
        "limit: Limit::None",
        "Limit::None" => "request.limit"
    ),
];
