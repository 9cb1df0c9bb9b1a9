//! Defines the windows over which returns are measured, and the number of returns that each needs.
//! Source of the figures: `docs/numbers.md`, securities.

/// A window in sessions, and the minimum number of returns in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) sessions: usize,
    pub(super) minimum: usize,
}

/// The windows of volatility: a month, a quarter and a year of sessions. Each minimum is about two
/// thirds of its window, half for the year.
pub(super) const WINDOWS: [Window; 3] = [
    Window {
        sessions: 21,
        minimum: 15,
    },
    Window {
        sessions: 63,
        minimum: 42,
    },
    YEAR,
];

/// The window of every figure other than volatility.
pub(super) const YEAR: Window = Window {
    sessions: 252,
    minimum: 126,
};

/// Sessions after a close on which a missing one counts as a return of zero. Beyond it the price is
/// too old to say that it did not move: there is no return until two closes follow each other
/// within the limit again. A constant, not a setting: a figure depends on sources alone.
pub const MAX_SESSIONS_WITHOUT_CLOSE: u16 = 10;

/// Number of returns in the longest window, that of its last session included. A return affects its
/// own session and the `LONGEST_WINDOW − 1` sessions after it, and no others.
pub const LONGEST_WINDOW: usize = YEAR.sessions;

impl Window {
    /// Returns the number of observations that a run of returns gives; as an error if it is below
    /// the minimum.
    pub(super) fn observations(self, run: usize) -> Result<usize, usize> {
        let count = run.min(self.sessions);
        if count < self.minimum {
            Err(count)
        } else {
            Ok(count)
        }
    }
}
