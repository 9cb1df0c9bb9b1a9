//! Sessions in a row as the spans of a world.

use crate::domain::Day;

/// Sessions in a row, by index, both included.
pub(super) type SessionRange = (usize, usize);

/// The rows of some sessions, which are ascending.
pub(super) fn session_ranges(sessions: impl IntoIterator<Item = usize>) -> Vec<SessionRange> {
    let mut rows: Vec<SessionRange> = Vec::new();
    for at in sessions {
        match rows.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => rows.push((at, at)),
        }
    }
    rows
}

/// A row as a value: a day, or a span with both its ends.
pub(super) fn span(sessions: &[Day], (first, last): SessionRange) -> String {
    match first == last {
        true => sessions[first].to_string(),
        false => format!("\"{}..{}\"", sessions[first], sessions[last]),
    }
}

/// The same; a span from the first day of a life leaves it out.
pub(super) fn span_from_inception(sessions: &[Day], row: SessionRange, born: usize) -> String {
    match row.0 == born {
        true => format!("\"..{}\"", sessions[row.1]),
        false => span(sessions, row),
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
