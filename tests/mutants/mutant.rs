//! A mutant: its name, the fault, the change that makes it, and where it is found.

use plimsoll::scenario::script::Scenario;

/// A fault that is made on purpose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mutant {
    /// The name, which is also that of its test.
    pub(crate) name: &'static str,
    /// The fault in a few words.
    pub(crate) fault: &'static str,
    /// The change that makes the fault.
    pub(crate) change: Change,
    /// What finds it, one entry a suite.
    pub(crate) found_by: &'static [Detection],
}

/// A change that makes a fault.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Of the sources, at one place or several.
    Source(&'static [Edit]),
    /// Of the rules and settings that a scenario is played by.
    Rules(fn(&mut Scenario)),
}

/// A change of one source file. Differences in blanks and line breaks do not matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edit {
    /// The path of the file.
    pub(crate) file: &'static str,
    /// A text that must occur once in the file.
    pub(crate) place: &'static str,
    /// The expression or statements in `place` that are replaced; empty to insert before `place`.
    pub(crate) text: &'static str,
    /// The replacement.
    pub(crate) mutated: &'static str,
}

/// What finds a mutant first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Detection {
    /// The scenario with this name.
    Scenario(&'static str),
    /// The simulation with this name: `explore`, `faults`, `pair` or `histories`.
    Sim(&'static str),
    /// The world with this name, by its concerns.
    Concerns(&'static str),
    /// The exploration of writers with this name.
    Writers(&'static str),
    /// The requests to a server with this name.
    Server(&'static str),
}

impl Detection {
    pub(crate) const fn suite(self) -> &'static str {
        match self {
            Self::Scenario(_) => "scenario",
            Self::Sim(_) => "sim",
            Self::Concerns(_) => "concerns",
            Self::Writers(_) => "writers",
            Self::Server(_) => "server",
        }
    }

    pub(crate) const fn first(self) -> &'static str {
        match self {
            Self::Scenario(name)
            | Self::Sim(name)
            | Self::Concerns(name)
            | Self::Writers(name)
            | Self::Server(name) => name,
        }
    }
}
