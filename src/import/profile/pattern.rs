//! Compares values of a file with patterns: texts in any case, in which `*` stands for any text.

use serde::{Deserialize, Deserializer};

use super::text_source::one_or_more;

/// Patterns, of which one must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Patterns(Vec<String>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let patterns = one_or_more(deserializer)?;
        Ok(Self(
            patterns.iter().map(|text| text.to_lowercase()).collect(),
        ))
    }
}

impl Patterns {
    /// Returns whether a pattern fits a text.
    pub(super) fn fit(&self, text: &str) -> bool {
        let mut lower = None;
        self.0.iter().any(|pattern| {
            let is_exact = text.is_ascii() && !pattern.contains('*');
            // Most comparisons are of this kind, and need no copy of the text.
            match is_exact {
                true => pattern.eq_ignore_ascii_case(text),
                false => fits(pattern, lower.get_or_insert_with(|| text.to_lowercase())),
            }
        })
    }
}

/// Returns whether one pattern fits a text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    while let Some((part, behind)) = rest.split_once('*') {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        (rest, text) = (behind, after);
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("buy", "buy"),
            ("you bought*", "you bought apple"),
            ("*tax", "withholding tax"),
            ("dividend (*)", "dividend (ordinary)"),
            ("a*b*c", "a1b2c"),
            ("", ""),
            ("*", ""),
        ] {
            assert!(fits(pattern, text), "{pattern}");
        }
        for (pattern, text) in [
            ("buy", "buyback"),
            ("a*b", "a"),
            ("ab*ba", "aba"),
            ("", "x"),
        ] {
            assert!(!fits(pattern, text), "{pattern}");
        }
        let patterns = Patterns(vec!["buy".to_owned()]);
        assert!(patterns.fit("BUY"));
    }
}
