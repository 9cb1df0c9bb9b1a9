//! Faults in the sessions of portfolios with a calendar of their own.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "own-calendar-without-effect",
        "a portfolio has all sessions of the database, whatever its calendar",
        &[Scenario(
            "calendar/a_deposit_on_a_holiday_of_a_portfolio_counts_on_its_next_session",
        )],
        &[edit(
            "src/domain/portfolio_calendars.rs",
            "!is_closed(Some(&self.sessions), day)",
            "&self.sessions",
            "&self.sessions[..0]",
        )],
    ),
    fault(
        "calendar-of-a-portfolio-invalidates-nothing",
        "another calendar of a portfolio leaves its figures as they are",
        &[Scenario(
            "calendar/a_new_calendar_of_a_portfolio_takes_its_holidays_out_of_the_books",
        )],
        &[edit(
            "src/invalidation/portfolios.rs",
            "if was.calendar != now.calendar",
            "was.calendar != now.calendar",
            "was.calendar != now.calendar && was.name != now.name",
        )],
    ),
    fault(
        "replaced-calendar-of-portfolios-invalidates-nothing",
        "a replaced calendar leaves the figures of the portfolios that name it as they are",
        &[Scenario(
            "calendar/a_replaced_calendar_recomputes_what_it_changes",
        )],
        &[edit(
            "src/invalidation/own_calendar.rs",
            "let current = of_portfolios.with_sessions_of(calendar);",
            "of_portfolios.with_sessions_of(calendar)",
            "of_portfolios.clone()",
        )],
    ),
    fault(
        "replaced-calendar-of-securities-invalidates-nothing",
        "a replaced calendar leaves the figures of the securities that name it as they are",
        &[Scenario(
            "calendar/a_replaced_calendar_recomputes_what_it_changes",
        )],
        &[edit(
            "src/invalidation/own_calendar.rs",
            "let current = in_force.with_sessions(calendar.name(), all);",
            "in_force.with_sessions(calendar.name(), all)",
            "in_force.with_sessions(&calendar.name().to_lowercase().repeat(2), all)",
        )],
    ),
    fault(
        "portfolios-without-a-session-hold-securities",
        "a portfolio that has no session on a day makes the session unpriced for the others",
        &[Scenario("calendar/weekends_wait_for_no_share_portfolio")],
        &[edit(
            "src/engine/security_holders.rs",
            "own.is_none_or(|own| own.has_session(day))",
            "own.has_session(day)",
            "own.has_session(day) || !own.name.is_empty()",
        )],
    ),
];
