//! Resolves the target: the last session whose cells are due.

use std::fmt;

use thiserror::Error;

use crate::domain::Day;

/// The current day by the calendar and the clock. Read once, before planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Today {
    /// The date in the exchange's time zone.
    pub date: Day,
    /// The last session whose close and grace have passed.
    pub last_final: Day,
}

/// The target of a request, before it is resolved to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Target {
    /// The last final session, which is the default.
    #[default]
    LastFinal,
    /// This day, or the session before it if it is not a session.
    On(Day),
}

/// A target that is a final session. Its text is the day, with a note if another day was
/// requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The session that was resolved.
    pub day: Day,
    /// The target as requested.
    pub requested: Target,
}

/// The reason a target is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It lies in the future, or its session is not final yet.
    #[error("the target `{requested}` is not final yet: the last final session is `{last_final}`")]
    Future {
        /// The day as requested.
        requested: Day,
        /// The latest target that is accepted.
        last_final: Day,
    },
    /// No known session is on or before it.
    #[error("no session is known on or before the target `{0}`")]
    NoSession(Day),
}

impl Target {
    /// Resolves the target to a final session. `on_or_before` returns the last session on or
    /// before a day.
    ///
    /// # Errors
    ///
    /// Refuses a day in the future, a session that is not final, and a day before all sessions.
    pub fn resolve(
        self,
        today: Today,
        on_or_before: impl FnOnce(Day) -> Option<Day>,
    ) -> Result<ResolvedTarget, TargetError> {
        let last_final = today.last_final;
        let day = match self {
            Self::LastFinal => last_final,
            // A future non-session must not resolve to a session of the past.
            Self::On(requested) if requested > today.date => {
                return Err(TargetError::Future {
                    requested,
                    last_final,
                });
            }
            Self::On(requested) => match on_or_before(requested) {
                Some(session) if session <= last_final => session,
                Some(_) => {
                    return Err(TargetError::Future {
                        requested,
                        last_final,
                    });
                }
                None => return Err(TargetError::NoSession(requested)),
            },
        };
        Ok(ResolvedTarget {
            day,
            requested: self,
        })
    }
}

impl ResolvedTarget {
    /// Returns the requested day if it is not a session and was replaced by the one before.
    pub fn replaced_day(&self) -> Option<Day> {
        match self.requested {
            Target::On(requested) if requested != self.day => Some(requested),
            Target::On(_) | Target::LastFinal => None,
        }
    }
}

impl fmt::Display for ResolvedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.replaced_day() {
            Some(requested) => write!(f, "{} (the session before {requested})", self.day),
            None => self.day.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Resolves on Wednesday evening, before the grace of that day's session has passed.
    fn resolve(target: Target) -> Result<ResolvedTarget, TargetError> {
        let sessions = ["2026-01-02", "2026-01-05", "2026-01-06", "2026-01-07"].map(day);
        let today = Today {
            date: day("2026-01-07"),
            last_final: day("2026-01-06"),
        };
        target.resolve(today, |day| {
            sessions.into_iter().rfind(|session| *session <= day)
        })
    }

    #[test]
    fn no_target_is_the_last_final_session() {
        let target = resolve(Target::LastFinal).unwrap();
        assert_eq!(target.day, day("2026-01-06"));
        assert_eq!(target.to_string(), "2026-01-06");
    }

    #[test]
    fn a_non_session_resolves_to_the_session_before() {
        let target = resolve(Target::On(day("2026-01-04"))).unwrap();
        assert_eq!(target.day, day("2026-01-02"));
        assert_eq!(target.replaced_day(), Some(day("2026-01-04")));
        assert_eq!(
            target.to_string(),
            "2026-01-02 (the session before 2026-01-04)"
        );
    }

    #[test]
    fn a_target_that_is_not_final_is_refused_with_the_last_final_session() {
        for requested in ["2026-01-07", "2026-01-08", "2026-01-10"].map(day) {
            let refusal = resolve(Target::On(requested)).unwrap_err();
            let last_final = day("2026-01-06");
            assert_eq!(
                refusal,
                TargetError::Future {
                    requested,
                    last_final
                }
            );
            assert!(refusal.to_string().contains("2026-01-06"));
        }
    }

    #[test]
    fn a_day_before_every_session_is_refused() {
        let requested = day("2026-01-01");
        assert_eq!(
            resolve(Target::On(requested)),
            Err(TargetError::NoSession(requested))
        );
    }
}
