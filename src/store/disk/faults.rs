//! What can go wrong with a disk that goes on: one call fails, or every call of its kind from
//! then on.

use serde::Serialize;

/// What SQLite asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Open a file, or make it.
    Open,
    /// Read bytes.
    Read,
    /// Write bytes.
    Write,
    /// Write bytes, some of them beyond the end of the file.
    Grow,
    /// Cut a file off.
    Truncate,
    /// Make a file durable.
    Sync,
    /// Say how long a file is.
    Size,
    /// Lock a file.
    Lock,
    /// Map the memory that connections share.
    Map,
    /// Lock a part of that memory.
    MapLock,
    /// Take a name away.
    Delete,
    /// Say whether there is a file of a name.
    Access,
}

/// What can go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The medium fails; nothing is done.
    Io,
    /// The disk is full; nothing is written.
    Full,
    /// The disk is full after half of the bytes.
    ShortWrite,
    /// A quota is reached: files may be written and not grow.
    Quota,
    /// A sync fails, and the pages that it was to keep count as clean: no later sync keeps them.
    Dropped,
    /// A file can't be opened.
    CannotOpen,
    /// The disk has become read-only.
    ReadOnly,
    /// Somebody else holds the lock.
    Busy,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::Io,
        Self::Full,
        Self::ShortWrite,
        Self::Quota,
        Self::Dropped,
        Self::CannotOpen,
        Self::ReadOnly,
        Self::Busy,
    ];

    /// Whether it can happen to a call.
    pub const fn applies_to(self, call: Call) -> bool {
        match self {
            Self::Io => true,
            Self::Full | Self::ShortWrite => matches!(call, Call::Write | Call::Grow),
            Self::Quota => matches!(call, Call::Grow),
            Self::Dropped => matches!(call, Call::Sync),
            Self::CannotOpen => matches!(call, Call::Open),
            Self::ReadOnly => {
                matches!(call, Call::Open | Call::Write | Call::Grow | Call::Truncate)
            }
            Self::Busy => matches!(call, Call::Lock | Call::MapLock),
        }
    }
}

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultDuration {
    /// It strikes one call.
    Once,
    /// It strikes that call and every later one that it can happen to.
    Always,
}

/// A fault that is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InjectedDiskFault {
    /// At which call, from 0.
    pub at: usize,
    /// What goes wrong.
    pub fault: Fault,
    /// For how long.
    pub duration: FaultDuration,
}

/// The calls that were asked of a disk, and what is to go wrong with them.
#[derive(Debug, Default)]
pub(super) struct FaultInjector {
    calls: Option<Vec<Call>>,
    fault: Option<InjectedDiskFault>,
    /// What the first strike left, of whom is killed by it.
    pub(super) after_first_fault: Option<Box<super::files::Files>>,
}

impl FaultInjector {
    /// From here on calls are counted from 0, and `strike` happens.
    pub(super) fn arm(&mut self, strike: Option<InjectedDiskFault>) {
        *self = Self {
            calls: Some(Vec::new()),
            fault: strike,
            ..Self::default()
        };
    }

    /// Nothing goes wrong any more; the calls that there were, and what the first strike left.
    pub(super) fn disarm(&mut self) -> (Vec<Call>, Option<super::files::Files>) {
        let Self {
            calls,
            after_first_fault: left,
            ..
        } = std::mem::take(self);
        (calls.unwrap_or_default(), left.map(|left| *left))
    }

    /// Whether the next call goes wrong, and how.
    pub(super) fn check_call(&mut self, call: Call) -> Result<(), Fault> {
        let Some(calls) = &mut self.calls else {
            return Ok(());
        };
        let at = calls.len();
        calls.push(call);
        match self.fault {
            Some(strike)
                if strike.fault.applies_to(call)
                    && (at == strike.at
                        || at > strike.at && strike.duration == FaultDuration::Always) =>
            {
                Err(strike.fault)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_hits_matching_calls_once_or_always() {
        let calls = [Call::Write, Call::Sync, Call::Read, Call::Sync];
        for (lasting, expected) in [
            (FaultDuration::Once, [false, true, false, false]),
            (FaultDuration::Always, [false, true, false, true]),
        ] {
            let mut trouble = FaultInjector::default();
            trouble.arm(Some(InjectedDiskFault {
                at: 1,
                fault: Fault::Dropped,
                duration: lasting,
            }));
            assert_eq!(
                calls.map(|call| trouble.check_call(call).is_err()),
                expected
            );
            assert_eq!(trouble.disarm().0, calls);
            assert_eq!(trouble.check_call(Call::Sync), Ok(()));
        }
    }
}
