//! Makes text fit a width in terminal columns, by cutting it with an ellipsis or by wrapping it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Maximum width of a line of a report, in terminal columns.
pub(super) const PAGE_WIDTH: usize = 80;

/// A space at which no line is broken, such as between a number and its unit. `Page::finish` turns
/// it into a plain space.
pub(super) const NBSP: char = '\u{a0}';

/// The width of `text` in terminal columns.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Cuts `text` to at most `most` columns, with `…` at the end. Control characters become spaces, as
/// they could move the cursor or colour the text that follows.
pub(super) fn truncate(text: &str, most: usize) -> String {
    let text = replace_control_chars(text);
    if width(&text) <= most {
        return text;
    }
    let mut cut = prefix_within(&text, most.saturating_sub(1))
        .trim_end()
        .to_owned();
    if most > 0 {
        cut.push('…');
    }
    cut
}

/// Replaces control characters with spaces.
pub(super) fn replace_control_chars(text: &str) -> String {
    let replaced = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(replaced).collect()
}

/// Appends spaces to `text` up to the width `columns`.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{:missing$}", "")
}

/// Breaks `text` at spaces into lines of at most `most` columns. A word that is wider is broken
/// inside. There is always at least one line.
pub fn wrap_text(text: &str, most: usize) -> Vec<String> {
    let text = replace_control_chars(text);
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        let line = lines.last().map_or(0, |line| width(line));
        if line > 0 && line + 1 + width(word) <= most {
            let line = lines.last_mut().expect("there is always one line");
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if line > 0 {
            lines.push(String::new());
        }
        // A wide character takes two columns: a limit of one would never make progress.
        let mut first = prefix_within(word, most.max(2));
        while first.len() < word.len() {
            let line = lines.last_mut().expect("there is always one line");
            line.push_str(first);
            lines.push(String::new());
            word = &word[first.len()..];
            first = prefix_within(word, most.max(2));
        }
        let line = lines.last_mut().expect("there is always one line");
        line.push_str(word);
    }
    lines
}

/// The longest prefix of `text` that takes at most `most` columns.
fn prefix_within(text: &str, most: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > most {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_text_ends_in_ellipsis() {
        assert_eq!(truncate("growth", 6), "growth");
        assert_eq!(truncate("growth and income", 8), "growth…");
        assert_eq!(truncate("成長と収益", 7), "成長と…");
        assert_eq!(truncate("growth", 0), "");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(truncate("a\u{1b}[31mb\nc", 20), "a [31mb c");
    }

    #[test]
    fn text_is_wrapped_at_spaces_and_long_words_are_broken() {
        assert_eq!(wrap_text("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrap_text("a abcdefghij b", 4),
            ["a", "abcd", "efgh", "ij b"]
        );
        assert_eq!(wrap_text("", 4), [""]);
        let long = "x".repeat(2_000_000);
        assert_eq!(wrap_text(&long, 80).len(), 25_000);
    }

    proptest! {
        #[test]
        fn truncated_and_wrapped_text_fits_width(text: String, most in 2_usize..90) {
            prop_assert!(width(&truncate(&text, most)) <= most);
            for line in wrap_text(&text, most) {
                prop_assert!(width(&line) <= most, "{line:?}");
            }
        }
    }
}
