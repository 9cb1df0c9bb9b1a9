//! Writes ranges of consecutive sessions as the spans of a world.

use crate::domain::Day;

/// First and last index of consecutive sessions, both inclusive.
pub(super) type SessionRange = (usize, usize);

/// Joins ascending session indices into ranges.
pub(super) fn session_ranges(sessions: impl IntoIterator<Item = usize>) -> Vec<SessionRange> {
    let mut ranges: Vec<SessionRange> = Vec::new();
    for at in sessions {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => ranges.push((at, at)),
        }
    }
    ranges
}

/// Writes a range as a TOML value: a day, or a span with both ends.
pub(super) fn span(sessions: &[Day], (first, last): SessionRange) -> String {
    match first == last {
        true => sessions[first].to_string(),
        false => format!("\"{}..{}\"", sessions[first], sessions[last]),
    }
}

/// Like [`span`], but leaves out the start of a span that begins on the portfolio's first session.
pub(super) fn span_from_inception(
    sessions: &[Day],
    range: SessionRange,
    first_alive: usize,
) -> String {
    match range.0 == first_alive {
        true => format!("\"..{}\"", sessions[range.1]),
        false => span(sessions, range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ranges_are_maximal() {
        assert_eq!(session_ranges([1, 2, 3, 5, 8, 9]), [(1, 3), (5, 5), (8, 9)]);
        let sessions: Vec<_> = (0..3).map(|n| Day::MIN.saturating_add(n)).collect();
        assert_eq!(span(&sessions, (1, 1)), "1900-01-02");
        assert_eq!(span(&sessions, (1, 2)), "\"1900-01-02..1900-01-03\"");
        assert_eq!(
            span_from_inception(&sessions, (1, 2), 1),
            "\"..1900-01-03\""
        );
    }
}
