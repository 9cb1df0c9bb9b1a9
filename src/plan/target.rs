//! Up to which session cells are due: the last final one, or one that was asked for.

use std::fmt;

use thiserror::Error;

use crate::domain::Day;

/// Today, as the calendar and the clock say it: read once, before planning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Today {
    /// The date in the exchange's time zone.
    pub date: Day,
    /// The last session whose close and grace have passed.
    pub last_final: Day,
}

/// Up to which session cells are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Target {
    /// The last final session.
    #[default]
    LastFinal,
    /// This day, or the session before it.
    On(Day),
}

/// A target that is a session and final. Shown, it is the day and, where another day was asked
/// for, a note of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The session.
    pub day: Day,
    /// What was asked for.
    pub requested: Target,
}

/// Why a target is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// It lies in the future, or its session is not final yet.
    #[error("the target `{requested}` is not final yet: the last final session is `{last_final}`")]
    Future {
        /// The day asked for.
        requested: Day,
        /// What can be asked for at the latest.
        last_final: Day,
    },
    /// The sessions that are known have none for it.
    #[error("no session is known on or before the target `{0}`")]
    NoSession(Day),
}

impl Target {
    /// The session that is meant. `on_or_before` gives the last session that is not after a day.
    pub fn resolve(
        self,
        today: Today,
        on_or_before: impl FnOnce(Day) -> Option<Day>,
    ) -> Result<ResolvedTarget, TargetError> {
        let last_final = today.last_final;
        let day = match self {
            Self::LastFinal => last_final,
            Self::On(asked) if asked > today.date => {
                return Err(TargetError::Future {
                    requested: asked,
                    last_final,
                });
            }
            Self::On(asked) => match on_or_before(asked) {
                Some(session) if session <= last_final => session,
                Some(_) => {
                    return Err(TargetError::Future {
                        requested: asked,
                        last_final,
                    });
                }
                None => return Err(TargetError::NoSession(asked)),
            },
        };
        Ok(ResolvedTarget {
            day,
            requested: self,
        })
    }
}

impl ResolvedTarget {
    /// The day that was asked for, where it is no session and the one before was taken.
    pub fn replaced_day(&self) -> Option<Day> {
        match self.requested {
            Target::On(asked) if asked != self.day => Some(asked),
            Target::On(_) | Target::LastFinal => None,
        }
    }
}

impl fmt::Display for ResolvedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.replaced_day() {
            Some(asked) => write!(f, "{} (the session before {asked})", self.day),
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

    /// Wednesday, in the evening of a session whose grace has not passed.
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
        for asked in ["2026-01-07", "2026-01-08", "2026-01-10"].map(day) {
            let refusal = resolve(Target::On(asked)).unwrap_err();
            let last_final = day("2026-01-06");
            assert_eq!(
                refusal,
                TargetError::Future {
                    requested: asked,
                    last_final
                }
            );
            assert!(refusal.to_string().contains("2026-01-06"));
        }
    }

    #[test]
    fn a_day_before_every_session_is_refused() {
        let asked = day("2026-01-01");
        assert_eq!(
            resolve(Target::On(asked)),
            Err(TargetError::NoSession(asked))
        );
    }
}
