//! Builds the calendar: a built-in one or a definition, and the days that differ.

use crate::capture::state::State;
use crate::domain::DayRange;
use crate::domain::calendar::{Amendments, CalendarBase};

/// Days before the first session and after the last that the amendments of a built-in calendar
/// cover. A world generates closes before its first session, and later nights may be simulated on
/// it.
const MARGIN_DAYS: i32 = 500;

/// Returns the calendar, and its amendments if it has any.
pub(super) fn calendar_spec(state: &State) -> (CalendarBase, Option<Amendments>) {
    let mut written = state.calendar.written();
    if matches!(written.calendar, CalendarBase::BuiltIn(_)) {
        keep_near_sessions(&mut written.amendments, state);
    }
    let amendments = Some(written.amendments).filter(|amendments| !amendments.is_empty());
    (written.calendar, amendments)
}

/// Removes the amendments far from the sessions of the state.
fn keep_near_sessions(amendments: &mut Amendments, state: &State) {
    let today = state.calendar.today(state.now);
    let first = state.sessions.first().copied().unwrap_or(today);
    let last = state.sessions.last().copied().unwrap_or(today);
    let near = DayRange::new(
        first.saturating_add(-MARGIN_DAYS),
        last.saturating_add(MARGIN_DAYS),
    );
    let near = near.expect("the first session is not after the last");
    amendments.closed.retain(|day| near.contains(*day));
    amendments.sessions.retain(|day| near.contains(*day));
    amendments.half_days.retain(|day, _| near.contains(*day));
}
