//! Making text fit: cut with an ellipsis or wrapped, in columns of the terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of the terminal a report is made for; no line is wider.
pub(super) const PAGE_WIDTH: usize = 80;

/// A space at which no line is broken, such as between a number and its unit. A page shows it as
/// a plain space.
pub(super) const NBSP: char = '\u{a0}';

/// How many columns `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `most` columns: cut with `…` where it is wider. Control characters, which
/// could move the cursor or colour what follows, become spaces.
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

/// `text` with control characters made spaces.
pub(super) fn replace_control_chars(text: &str) -> String {
    let tamed = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(tamed).collect()
}

/// `text` and spaces up to `columns`.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{:missing$}", "")
}

/// Lines of at most `most` columns, broken at spaces; a word that is wider by itself is broken
/// wherever it must be. There is always one line.
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
        while width(word) > most {
            let first = prefix_within(word, most.max(2));
            let line = lines.last_mut().expect("there is always one line");
            line.push_str(first);
            lines.push(String::new());
            word = &word[first.len()..];
        }
        let line = lines.last_mut().expect("there is always one line");
        line.push_str(word);
    }
    lines
}

/// As much of the start of `text` as takes at most `most` columns.
fn prefix_within(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > most {
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
