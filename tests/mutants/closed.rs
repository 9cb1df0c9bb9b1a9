//! Faults in telling a security that is closed by its own calendar from one without a close.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const SESSION_PRICES: &str = "src/engine/session_prices.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "closed-sessions-age-prices",
        "a price grows older on a session on which its security is closed",
        &[Scenario(
            "calendar/a_share_closed_on_a_foreign_holiday_keeps_its_last_close",
        )],
        &[edit(
            "src/phases/columns.rs",
            "let is_closed = closed.get(session).is_some_and(|closed| *closed);",
            "*closed",
            "false",
        )],
    ),
    fault(
        "closed-securities-count-as-missing",
        "a closed security counts among those without a close",
        &[Scenario(
            "calendar/shares_hold_nothing_back_at_weekends_of_the_every_day_calendar",
        )],
        &[edit(
            SESSION_PRICES,
            "false if self.calendars.is_closed(security, day) => &mut closed",
            "self.calendars.is_closed(security, day)",
            "closed.len() > usize::MAX - 1",
        )],
    ),
    fault(
        "weekends-end-an-outage",
        "a session on which all securities are closed is priced although the one before is not",
        &[Scenario(
            "unpriced/a_weekend_after_a_friday_without_closes_waits_too",
        )],
        &[edit(
            SESSION_PRICES,
            "if held == 0 && self.is_any_held(&closed, day)?",
            "held == 0",
            "held == usize::MAX",
        )],
    ),
    fault(
        "changed-legs-judged-as-they-are",
        "a rate through two pairs that are open again counts as unused before the change",
        &[Scenario(
            "exchange_rates/legs_that_are_open_again_give_way_to_the_pair",
        )],
        &[edit(
            "src/invalidation/freshest_prices.rs",
            "open.filter(|day| !is_closed(was, *day) && !is_closed(now, *day))",
            "!is_closed(was, *day) && !is_closed(now, *day)",
            "!is_closed(now, *day) || was == now",
        )],
    ),
    fault(
        "calendar-of-a-security-without-effect",
        "another calendar of a security invalidates nothing",
        &[Scenario(
            "calendar/a_calendar_given_to_a_security_recomputes_its_closed_sessions",
        )],
        &[edit(
            "src/invalidation/closed_sessions.rs",
            "is_closed(was, *day) != is_closed(now, *day)",
            "is_closed(was, *day) != is_closed(now, *day)",
            "is_closed(was, *day) && was == now",
        )],
    ),
];
