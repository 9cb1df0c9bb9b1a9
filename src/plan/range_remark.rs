//! Finds the parts of a requested range that a run does not fill, so that they are said.

use std::fmt;

use crate::domain::Day;

use super::plan::{DayPlan, Plan};
use super::reason::SkipReason;
use super::request::Request;

/// A part of the requested range that a run does not fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeRemark {
    /// The range ends after the target.
    AfterTarget {
        /// The first day after the target.
        first: Day,
        /// The last day of the range.
        last: Day,
        /// The last session that is due.
        target: Day,
    },
    /// The range has no session up to the target.
    NoSession {
        /// The first day of the range, if it was requested.
        first: Option<Day>,
        /// The last day of the range, or the target.
        last: Day,
    },
}

/// Returns the parts of the range of `request` that `plan` does not fill.
pub fn range_remarks(request: &Request, plan: &Plan) -> Vec<RangeRemark> {
    let target = plan.target.day;
    let mut remarks = Vec::new();
    let is_limited = request.from.is_some() || request.to.is_some();
    let last = request.to.unwrap_or(target);
    let has_session = |day: &DayPlan| day.day <= target && !is_without_session(day);
    if is_limited && !plan.days.iter().any(has_session) {
        let first = request.from;
        remarks.push(RangeRemark::NoSession {
            first,
            last: first.map_or(last, |first| last.max(first)),
        });
    }
    // Days between the target and today hold no session that is due, so an end there cuts nothing
    // that a session could be on.
    let is_cut = plan.days.iter().any(|day| day.day > target);
    if let Some(last) = request.to.filter(|last| is_cut && *last > target) {
        let after = target.next();
        remarks.push(RangeRemark::AfterTarget {
            first: request.from.map_or(after, |from| from.max(after)),
            last,
            target,
        });
    }
    remarks
}

/// Returns whether the day is no session of any portfolio in scope that could have a cell on it, by
/// their own calendars.
fn is_without_session(day: &DayPlan) -> bool {
    use SkipReason::{AfterClose, BeforeInception, Deleted, NoSession};
    let has_no_cell = |reason| matches!(reason, NoSession | BeforeInception | AfterClose | Deleted);
    let mut reasons = day.skips.iter().map(|skips| skips.reason);
    day.steps.is_empty()
        && reasons.clone().any(|reason| reason == NoSession)
        && reasons.all(has_no_cell)
}

impl fmt::Display for RangeRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AfterTarget {
                first,
                last,
                target,
            } => {
                write!(f, "{} not due: the target is {target}", days(first, last))
            }
            Self::NoSession {
                first: Some(first),
                last,
            } => write!(f, "no session that is due on {}", days(first, last)),
            Self::NoSession { first: None, last } => {
                write!(f, "no session that is due up to {last}")
            }
        }
    }
}

/// One day, or the first and the last of several.
fn days(first: Day, last: Day) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        IdSet, Lifecycle, PortfolioCalendar, PortfolioCalendars, PortfolioId, Scope,
        SessionsPerYear,
    };
    use crate::plan::{Survey, Today, plan};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// The remarks on a range, where Thursday the 8th is the target and the 12th a Monday.
    fn remarks(from: Option<&str>, to: Option<&str>) -> Vec<String> {
        remarks_with(PortfolioCalendars::default(), from, to)
    }

    fn remarks_with(
        calendars: PortfolioCalendars,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Vec<String> {
        let sessions = ["07", "08", "09", "12"].map(|date| day(&format!("2026-01-{date}")));
        let mut survey = Survey {
            sessions: sessions.to_vec(),
            ..Survey::default()
        };
        let lifecycle = Lifecycle::new(sessions[0]);
        survey.lifecycles.add(PortfolioId(1), &lifecycle);
        // Neither can have a cell in any range, so that they change no remark.
        let deleted = lifecycle.with_deleted_at(Some(chrono::DateTime::UNIX_EPOCH));
        survey.lifecycles.add(PortfolioId(2), &deleted);
        let later = Lifecycle::new(sessions[3]);
        survey.lifecycles.add(PortfolioId(3), &later);
        survey.lifecycles = survey.lifecycles.with_calendars(calendars);
        let today = Today {
            date: sessions[1],
            last_final: sessions[1],
        };
        let request = Request {
            from: from.map(day),
            to: to.map(day),
            ..Request::new(Scope::AllActive)
        };
        let plan = plan(&request, &survey, today).unwrap();
        let remarks = range_remarks(&request, &plan);
        remarks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_range_without_a_session_of_the_own_calendar_is_named() {
        let calendars = PortfolioCalendars::from_iter([PortfolioCalendar {
            name: "XTSE".to_owned(),
            portfolios: IdSet::from([1]),
            sessions: vec![day("2026-01-07"), day("2026-01-09")],
            sessions_per_year: SessionsPerYear::EXCHANGE,
        }]);
        let remarks = |from| remarks_with(calendars.clone(), Some(from), Some("2026-01-08"));
        let remark = "no session that is due on 2026-01-08";
        assert_eq!(remarks("2026-01-08"), [remark]);
        assert!(remarks("2026-01-07").is_empty());
    }

    #[test]
    fn a_range_up_to_the_target_has_no_remark() {
        assert!(remarks(None, None).is_empty());
        assert!(remarks(Some("2026-01-07"), Some("2026-01-08")).is_empty());
        assert!(remarks(Some("2026-01-03"), None).is_empty());
    }

    #[test]
    fn days_after_the_target_and_days_without_a_session_are_named() {
        assert_eq!(
            remarks(Some("2026-01-07"), Some("2026-01-12")),
            ["2026-01-09 to 2026-01-12 not due: the target is 2026-01-08"]
        );
        assert_eq!(
            remarks(Some("2026-01-03"), Some("2026-01-04")),
            ["no session that is due on 2026-01-03 to 2026-01-04"]
        );
        assert_eq!(
            remarks(Some("2026-01-12"), Some("2026-01-12")),
            [
                "no session that is due on 2026-01-12",
                "2026-01-12 not due: the target is 2026-01-08"
            ]
        );
        assert_eq!(
            remarks(Some("2026-01-10"), Some("2026-01-11")),
            ["no session that is due on 2026-01-10 to 2026-01-11"]
        );
        assert_eq!(
            remarks(None, Some("2026-01-05")),
            ["no session that is due up to 2026-01-05"]
        );
    }
}
