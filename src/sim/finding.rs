//! What does not hold, and the token by which it is found again.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::image::Image;

/// Everything that it takes to see a finding again, in one line:
/// `explore:SEED:STEP:POINT:IMAGE@SCENARIO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The seed that samples are chosen by.
    pub seed: u64,
    /// Which step of the scenario the run is.
    pub step: String,
    /// After how many operations the crash came.
    pub point: usize,
    /// What it left.
    pub image: Image,
    /// The scenario's file.
    pub scenario: PathBuf,
}

/// A text that is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no token (as in explore:1:2:117:power-cut@mine.toml)")]
pub struct TokenError(String);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            step,
            point,
            image,
            scenario,
        } = self;
        let scenario = scenario.display();
        write!(f, "explore:{seed}:{step}:{point}:{image}@{scenario}")
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (crash, scenario) = text.split_once('@').unwrap_or((text, ""));
        let parts: Vec<&str> = crash.split(':').collect();
        let read = || match parts.as_slice() {
            _ if scenario.is_empty() => None,
            ["explore", seed, step, point, image] => Some(Self {
                seed: seed.parse().ok()?,
                step: (*step).to_owned(),
                point: point.parse().ok()?,
                image: image.parse().ok()?,
                scenario: scenario.into(),
            }),
            _ => None,
        };
        read().ok_or_else(|| TokenError(text.to_owned()))
    }
}

/// Something that does not hold after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is found again.
    pub token: Token,
    /// What does not hold.
    pub says: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_read_back() {
        let token = Token {
            seed: 7,
            step: "2".to_owned(),
            point: 117,
            image: Image::PowerCut,
            scenario: "a@b/mine.toml".into(),
        };
        let text = "explore:7:2:117:power-cut@a@b/mine.toml";
        assert_eq!(token.to_string(), text);
        assert_eq!(token.to_string().parse(), Ok(token));
        let wrong = [
            "",
            "explore:1:2:3:killed",
            "explore:1:2:3:killed@",
            "other:1:2:3:killed@a.toml",
            "explore:1:2:x:killed@a.toml",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Token>(), Err(TokenError(text.to_owned())));
        }
    }
}
