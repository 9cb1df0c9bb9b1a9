//! Faults in telling a security that is closed by its own calendar from one without a close.

use crate::mutant::{Change, Detection, Edit, Mutant};

/// Changes an expression, which a scenario finds.
macro_rules! closed_fault {
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
    closed_fault!(
        "closed-sessions-age-prices",
        "a price grows older on a session on which its security is closed",
        "calendar/a_share_closed_on_a_foreign_holiday_keeps_its_last_close",
        "src/phases/columns.rs",
        "let is_closed = closed.get(session).is_some_and(|closed| *closed);",
        "*closed" => "false"
    ),
    closed_fault!(
        "closed-securities-count-as-missing",
        "a closed security counts among those without a close",
        "calendar/shares_hold_nothing_back_at_weekends_of_the_every_day_calendar",
        "src/engine/session_prices.rs",
        "false if self.calendars.is_closed(security, day) => &mut closed",
        "self.calendars.is_closed(security, day)" => "closed.len() > usize::MAX - 1"
    ),
    closed_fault!(
        "weekends-end-an-outage",
        "a session on which all securities are closed is priced although the one before is not",
        "unpriced/a_weekend_after_a_friday_without_closes_waits_too",
        "src/engine/session_prices.rs",
        "if held == 0 && self.is_any_held(&closed, day)?",
        "held == 0" => "held == usize::MAX"
    ),
    closed_fault!(
        "calendar-of-a-security-without-effect",
        "another calendar of a security invalidates nothing",
        "calendar/a_calendar_given_to_a_security_recomputes_its_closed_sessions",
        "src/invalidation/closed_sessions.rs",
        "is_closed(was, *day) != is_closed(now, *day)",
        "is_closed(was, *day) != is_closed(now, *day)" => "is_closed(was, *day) && was == now"
    ),
];
