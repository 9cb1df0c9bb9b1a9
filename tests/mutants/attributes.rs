//! Faults in attributes of securities that change on a day, and in the quarantines that another
//! calendar or risk model ends.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "sector-of-today-on-every-day",
        "exposures and shocks use the sector of today on every day",
        &[Scenario(
            "corporate_actions/a_share_in_a_new_sector_keeps_the_old_one_before",
        )],
        &[edit(
            "src/phases/dated_column.rs",
            "let found = former.find(|(until, _)| day < *until);",
            "day < *until",
            "day < *until && day == Day::MIN",
        )],
    ),
    fault(
        "dated-sector-invalidates-all-days",
        "a sector that changes on a day invalidates the cells before it too",
        &[Scenario(
            "corporate_actions/a_share_in_a_new_sector_keeps_the_old_one_before",
        )],
        &[edit(
            "src/invalidation/securities.rs",
            "if differs(*day) {",
            "differs(*day)",
            "differs(*day) || *day > Day::MIN",
        )],
    ),
    fault(
        "dated-multiplier-keeps-books",
        "a multiplier that changes on a day leaves the books of its holders as they are",
        &[Scenario(
            "corporate_actions/a_contract_that_is_halved_keeps_its_value",
        )],
        &[edit(
            "src/invalidation/securities.rs",
            "let mut affected = affected_by_quantity(first, owners);",
            "affected_by_quantity(first, owners)",
            "AffectedCells::default()",
        )],
    ),
    fault(
        "quarantine-outlives-another-calendar",
        "another calendar keeps the failures of the cells that it touches",
        &[Scenario(
            "calendar/another_calendar_ends_the_quarantines_that_it_touches",
        )],
        &[edit(
            "src/invalidation/calendar.rs",
            "forget_failures(writing, |failed| failed.of_calendar(calendar))?;",
            "forget_failures(writing, |failed| failed.of_calendar(calendar))?;",
            "",
        )],
    ),
    fault(
        "quarantine-outlives-another-benchmark",
        "another risk model keeps the failures of risk",
        &[Scenario(
            "invalidation/another_benchmark_ends_the_quarantine_of_risk",
        )],
        &[edit(
            "src/invalidation/risk_model.rs",
            "forget_failures(writing, |failed| failed.of_model(model))?;",
            "forget_failures(writing, |failed| failed.of_model(model))?;",
            "",
        )],
    ),
    fault(
        "quarantine-outlives-a-replaced-calendar",
        "a replaced calendar keeps the failures of the securities and portfolios that name it",
        &[Scenario(
            "calendar/a_replaced_calendar_ends_the_quarantines_of_its_users",
        )],
        &[edit(
            "src/invalidation/own_calendar.rs",
            "failed.of_named_calendars(&in_force, &current)",
            "failed.of_named_calendars(&in_force, &current)",
            "failed.of_named_calendars(&in_force, &in_force)",
        )],
    ),
];
