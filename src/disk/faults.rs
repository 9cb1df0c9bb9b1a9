//! Injects errors into calls of a disk: one call fails, or that call and all later ones of its
//! kind.

use serde::Serialize;

/// The kinds of calls that SQLite makes to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// Open a file, or create it.
    Open,
    /// Read bytes of a file.
    Read,
    /// Write bytes within the file.
    Write,
    /// Write bytes, some of them past the end of the file.
    Grow,
    /// Change the length of a file.
    Truncate,
    /// Make a file durable by a sync.
    Sync,
    /// Query the length of a file.
    Size,
    /// Take a lock on a file.
    Lock,
    /// Map the memory that connections in WAL mode share.
    Map,
    /// Take lock slots of that memory.
    MapLock,
    /// Delete a name from the folder.
    Delete,
    /// Query whether a file of a name exists.
    Access,
    /// End a commit that has taken effect.
    CommitEnd,
}

/// The error that a call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// I/O error; the call changes nothing.
    Io,
    /// The disk is full; nothing is written.
    Full,
    /// The disk is full after half of the bytes are written.
    ShortWrite,
    /// A quota is reached: files can be written but cannot grow.
    Quota,
    /// A sync fails and its pages count as clean: no later sync makes them durable.
    Dropped,
    /// A file cannot be opened.
    CannotOpen,
    /// The disk has become read-only.
    ReadOnly,
    /// Another connection holds the lock.
    Busy,
}

impl Fault {
    /// All faults, in order.
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

    /// Returns whether calls of this kind can fail in this way.
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

/// The number of calls that a fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultDuration {
    /// It hits one call.
    Once,
    /// It hits that call and every later one to which it applies.
    Always,
}

/// A fault and the call that it hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InjectedDiskFault {
    /// Index of the call, from 0. A fault that does not apply to that call does not occur there;
    /// with [`FaultDuration::Always`] it still hits later calls.
    pub at: usize,
    /// Error that the call returns.
    pub fault: Fault,
    /// Number of calls hit: one, or that call and all later ones to which the fault applies.
    pub duration: FaultDuration,
}

/// Counts the calls of a disk and decides which of them fail.
#[derive(Debug, Default)]
pub(super) struct FaultInjector {
    calls: Option<Vec<Call>>,
    fault: Option<InjectedDiskFault>,
}

impl FaultInjector {
    /// Starts to count calls from 0, with `fault` injected.
    pub(super) fn arm(&mut self, fault: Option<InjectedDiskFault>) {
        *self = Self {
            calls: Some(Vec::new()),
            fault,
        };
    }

    /// Stops the injection and returns the calls since [`FaultInjector::arm`].
    pub(super) fn disarm(&mut self) -> Vec<Call> {
        std::mem::take(self).calls.unwrap_or_default()
    }

    /// Counts the next call and returns its fault, if it has one.
    pub(super) fn check_call(&mut self, call: Call) -> Result<(), Fault> {
        let Some(calls) = &mut self.calls else {
            return Ok(());
        };
        let at = calls.len();
        calls.push(call);
        match self.fault {
            Some(injected)
                if injected.fault.applies_to(call)
                    && (at == injected.at
                        || at > injected.at && injected.duration == FaultDuration::Always) =>
            {
                Err(injected.fault)
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
        for (duration, expected) in [
            (FaultDuration::Once, [false, true, false, false]),
            (FaultDuration::Always, [false, true, false, true]),
        ] {
            let mut injector = FaultInjector::default();
            injector.arm(Some(InjectedDiskFault {
                at: 1,
                fault: Fault::Dropped,
                duration,
            }));
            assert_eq!(
                calls.map(|call| injector.check_call(call).is_err()),
                expected
            );
            assert_eq!(injector.disarm(), calls);
            assert_eq!(injector.check_call(Call::Sync), Ok(()));
        }
    }
}
