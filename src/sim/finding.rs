//! A violation that a simulation found, and the token that reproduces it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::crash_image::CrashImage;
use super::violation::Violation;
use crate::disk::{Fault, FaultDuration, InjectedDiskFault};

/// All that is needed to reproduce a finding, in one line: `PLACE@SCENARIO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayToken {
    /// The number of the step in the scenario.
    pub step: String,
    /// The disturbance of the run, with its place.
    pub disturbance: Disturbance,
    /// The path of the scenario file.
    pub scenario: PathBuf,
}

/// A disturbance of a run, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// `explore:STEP:SEED:POINT:IMAGE`: the run crashed; with `:POINT:IMAGE` after it, so did its
    /// recovery.
    Crash {
        /// The seed that samples are drawn from.
        seed: u64,
        /// The number of operations before the crash.
        point: usize,
        /// The part of the pending operations that survived.
        image: CrashImage,
        /// The crash of the recovery, if it crashed.
        second_crash: Option<SecondCrash>,
    },
    /// `fault:STEP:CALL:FAULT:LASTING`: a call of the disk failed.
    Fault(InjectedDiskFault),
    /// `memory:STEP:ALLOCATION:LASTING`: an allocation of SQLite failed.
    Memory {
        /// The number of the allocation, from 0.
        allocation: u64,
        /// The duration of the fault: this allocation only, or all from there on.
        lasting: FaultDuration,
    },
    /// `pair:STEP:SEED`: a second run was made at the same time.
    Pair {
        /// The seed of the turns of both runs.
        seed: u64,
    },
    /// `fuzz:SEED`: a generated scenario, so that there is no file and no step. `tale:SEED` of
    /// earlier versions is still read.
    Fuzz {
        /// The seed of the generated scenario.
        seed: u64,
    },
    /// `history:SEED`: a generated history, so that there is no file and no step.
    History {
        /// The seed that the history is drawn from.
        seed: u64,
    },
}

impl ReplayToken {
    /// Returns the token of a generated scenario.
    pub(super) fn fuzz(seed: u64) -> Self {
        Self {
            step: String::new(),
            disturbance: Disturbance::Fuzz { seed },
            scenario: PathBuf::new(),
        }
    }

    /// Returns the token of a generated history.
    pub(super) fn history(seed: u64) -> Self {
        Self {
            disturbance: Disturbance::History { seed },
            ..Self::fuzz(seed)
        }
    }
}

/// A crash during recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondCrash {
    /// The number of operations of the recovery before it.
    pub point: usize,
    /// The part of the pending operations that survived.
    pub image: CrashImage,
}

/// A text that is not a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid token `{0}` (as in explore:1:7:117:power-cut@mine.toml)")]
pub struct ReplayTokenError(String);

impl fmt::Display for ReplayToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = &self.step;
        match self.disturbance {
            Disturbance::Crash {
                seed,
                point,
                image,
                second_crash: again,
            } => {
                write!(f, "explore:{step}:{seed}:{point}:{image}")?;
                again.map_or(Ok(()), |again| {
                    write!(f, ":{}:{}", again.point, again.image)
                })
            }
            Disturbance::Fault(InjectedDiskFault {
                at,
                fault,
                duration: lasting,
            }) => {
                write!(
                    f,
                    "fault:{step}:{at}:{}:{}",
                    fault_name(fault),
                    lasting_name(lasting)
                )
            }
            Disturbance::Memory {
                allocation: at,
                lasting,
            } => {
                write!(f, "memory:{step}:{at}:{}", lasting_name(lasting))
            }
            Disturbance::Pair { seed } => write!(f, "pair:{step}:{seed}"),
            Disturbance::Fuzz { seed } => return write!(f, "fuzz:{seed}"),
            Disturbance::History { seed } => return write!(f, "history:{seed}"),
        }?;
        write!(f, "@{}", self.scenario.display())
    }
}

impl Serialize for ReplayToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for ReplayToken {
    type Err = ReplayTokenError;

    fn from_str(text: &str) -> Result<Self, ReplayTokenError> {
        // The first `@` ends the place; paths may hold more of them.
        let (place, scenario) = text.split_once('@').unwrap_or((text, ""));
        let parts: Vec<&str> = place.split(':').collect();
        let generated = || match parts.as_slice() {
            ["fuzz" | "tale", seed] if scenario.is_empty() => Some(Self::fuzz(seed.parse().ok()?)),
            ["history", seed] if scenario.is_empty() => Some(Self::history(seed.parse().ok()?)),
            _ => None,
        };
        let read = || {
            let (kind, step, rest) = match parts.as_slice() {
                [kind, step, rest @ ..] if !scenario.is_empty() => (*kind, *step, rest),
                _ => return None,
            };
            Some(Self {
                step: step.to_owned(),
                disturbance: parse_disturbance(kind, rest)?,
                scenario: scenario.into(),
            })
        };
        generated()
            .or_else(read)
            .ok_or_else(|| ReplayTokenError(text.to_owned()))
    }
}

fn parse_disturbance(kind: &str, rest: &[&str]) -> Option<Disturbance> {
    match (kind, rest) {
        ("explore", [seed, point, image, again @ ..]) => Some(Disturbance::Crash {
            seed: seed.parse().ok()?,
            point: point.parse().ok()?,
            image: image.parse().ok()?,
            second_crash: match again {
                [] => None,
                [point, image] => Some(SecondCrash {
                    point: point.parse().ok()?,
                    image: image.parse().ok()?,
                }),
                _ => return None,
            },
        }),
        ("fault", [at, fault, lasting]) => Some(Disturbance::Fault(InjectedDiskFault {
            at: at.parse().ok()?,
            fault: Fault::ALL
                .into_iter()
                .find(|known| fault_name(*known) == *fault)?,
            duration: parse_lasting(lasting)?,
        })),
        ("memory", [at, lasting]) => Some(Disturbance::Memory {
            allocation: at.parse().ok()?,
            lasting: parse_lasting(lasting)?,
        }),
        ("pair", [seed]) => Some(Disturbance::Pair {
            seed: seed.parse().ok()?,
        }),
        _ => None,
    }
}

/// Returns the name of a fault, as tokens have it.
pub const fn fault_name(fault: Fault) -> &'static str {
    match fault {
        Fault::Io => "io",
        Fault::Full => "full",
        Fault::ShortWrite => "short-write",
        Fault::Quota => "quota",
        Fault::Dropped => "dropped",
        Fault::CannotOpen => "cannot-open",
        Fault::ReadOnly => "read-only",
        Fault::Busy => "busy",
    }
}

fn parse_lasting(word: &str) -> Option<FaultDuration> {
    let both = [FaultDuration::Once, FaultDuration::Always];
    both.into_iter()
        .find(|lasting| lasting_name(*lasting) == word)
}

const fn lasting_name(lasting: FaultDuration) -> &'static str {
    match lasting {
        FaultDuration::Once => "once",
        FaultDuration::Always => "always",
    }
}

/// A violation found by a simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The token that reproduces the finding.
    pub token: ReplayToken,
    /// The violated rule.
    #[serde(rename = "says")]
    pub violation: Violation,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replay_tokens_round_trip() {
        let crash = Disturbance::Crash {
            seed: 7,
            point: 117,
            image: CrashImage::PowerCut,
            second_crash: None,
        };
        let twice = Disturbance::Crash {
            seed: 7,
            point: 117,
            image: CrashImage::Killed,
            second_crash: Some(SecondCrash {
                point: 3,
                image: CrashImage::PowerCut,
            }),
        };
        let short = Disturbance::Memory {
            allocation: 700,
            lasting: FaultDuration::Once,
        };
        let fault = Disturbance::Fault(InjectedDiskFault {
            at: 12,
            fault: Fault::ShortWrite,
            duration: FaultDuration::Always,
        });
        for (place, expected) in [
            (crash, "explore:2:7:117:power-cut@a@b/mine.toml"),
            (twice, "explore:2:7:117:killed:3:power-cut@a@b/mine.toml"),
            (fault, "fault:2:12:short-write:always@a@b/mine.toml"),
            (short, "memory:2:700:once@a@b/mine.toml"),
            (Disturbance::Pair { seed: 9 }, "pair:2:9@a@b/mine.toml"),
        ] {
            let token = ReplayToken {
                step: "2".to_owned(),
                disturbance: place,
                scenario: "a@b/mine.toml".into(),
            };
            assert_eq!(token.to_string(), expected);
            assert_eq!(expected.parse(), Ok(token));
        }
        let generated = ReplayToken::fuzz(9);
        assert_eq!(generated.to_string(), "fuzz:9");
        assert_eq!("fuzz:9".parse(), Ok(generated.clone()));
        assert_eq!(
            "tale:9".parse(),
            Ok(generated),
            "the name of earlier versions"
        );
        let history = ReplayToken::history(9);
        assert_eq!(history.to_string(), "history:9");
        assert_eq!("history:9".parse(), Ok(history));
        let wrong = [
            "",
            "explore:1:2:3:killed",
            "explore:1:2:3:killed@",
            "other:1:2:3:killed@a.toml",
            "explore:1:2:x:killed@a.toml",
            "fault:1:2:killed:once@a.toml",
            "fault:1:2:io@a.toml",
            "fuzz:x",
            "fuzz:9@a.toml",
        ];
        for text in wrong {
            assert_eq!(
                text.parse::<ReplayToken>(),
                Err(ReplayTokenError(text.to_owned()))
            );
        }
    }
}
