//! What does not hold, and the token by which it is found again.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::crash_image::CrashImage;
use crate::store::disk::{Fault, FaultDuration, InjectedDiskFault};

/// Everything that it takes to see a finding again, in one line: `PLACE@SCENARIO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayToken {
    /// Which step of the scenario the run is.
    pub step: String,
    /// What happened to the run, and where.
    pub disturbance: Disturbance,
    /// The scenario's file.
    pub scenario: PathBuf,
}

/// What happened to a run, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// `explore:STEP:SEED:POINT:IMAGE`: it crashed; with `:POINT:IMAGE` after it, so did its
    /// recovery.
    Crash {
        /// The seed that samples are chosen by.
        seed: u64,
        /// After how many operations.
        point: usize,
        /// What that left.
        image: CrashImage,
        /// Where its recovery crashed too.
        second_crash: Option<SecondCrash>,
    },
    /// `fault:STEP:CALL:FAULT:LASTING`: a call went wrong.
    Fault(InjectedDiskFault),
    /// `memory:STEP:ALLOCATION:LASTING`: SQLite got no memory.
    Memory {
        /// At which of its allocations, from 0.
        allocation: u64,
        /// For how long.
        lasting: FaultDuration,
    },
    /// `pair:STEP:SEED`: it met another.
    Pair {
        /// What the turns were dealt by.
        seed: u64,
    },
    /// `tale:SEED`: all of it was drawn. There is no scenario and no step.
    Fuzz {
        /// What it was drawn from.
        seed: u64,
    },
}

impl ReplayToken {
    /// The token of a tale.
    pub(super) fn fuzz(seed: u64) -> Self {
        Self {
            step: String::new(),
            disturbance: Disturbance::Fuzz { seed },
            scenario: PathBuf::new(),
        }
    }
}

/// A crash of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondCrash {
    /// After how many operations of the recovery.
    pub point: usize,
    /// What that left.
    pub image: CrashImage,
}

/// A text that is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no token (as in explore:1:7:117:power-cut@mine.toml)")]
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
            Disturbance::Fuzz { seed } => return write!(f, "tale:{seed}"),
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
        let (what, scenario) = text.split_once('@').unwrap_or((text, ""));
        let parts: Vec<&str> = what.split(':').collect();
        let tale = || match parts.as_slice() {
            ["tale", seed] if scenario.is_empty() => Some(Self::fuzz(seed.parse().ok()?)),
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
        tale()
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
                .find(|one| fault_name(*one) == *fault)?,
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

/// The word for a fault.
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
    both.into_iter().find(|one| lasting_name(*one) == word)
}

const fn lasting_name(lasting: FaultDuration) -> &'static str {
    match lasting {
        FaultDuration::Once => "once",
        FaultDuration::Always => "always",
    }
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is found again.
    pub token: ReplayToken,
    /// What does not hold.
    #[serde(rename = "says")]
    pub message: String,
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
        let tale = ReplayToken::fuzz(9);
        assert_eq!(tale.to_string(), "tale:9");
        assert_eq!("tale:9".parse(), Ok(tale));
        let wrong = [
            "",
            "explore:1:2:3:killed",
            "explore:1:2:3:killed@",
            "other:1:2:3:killed@a.toml",
            "explore:1:2:x:killed@a.toml",
            "fault:1:2:killed:once@a.toml",
            "fault:1:2:io@a.toml",
        ];
        for text in wrong {
            assert_eq!(
                text.parse::<ReplayToken>(),
                Err(ReplayTokenError(text.to_owned()))
            );
        }
    }
}
