//! Grants connections locks on a simulated database file, by SQLite's rules.

/// Number of one opening of a file, unique on its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HandleNumber(pub(super) u64);

/// The level of a lock. Each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Level {
    #[default]
    None,
    /// Allows reading. Any number of connections can hold it.
    Shared,
    /// Announces a write. One connection can hold it, beside readers.
    Reserved,
    /// Waits until the readers release their locks. No new reader is admitted.
    Pending,
    /// Allows writing. No other connection holds a lock.
    Exclusive,
}

/// The error of a lock that conflicts with another connection's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

/// The levels that connections hold on one file.
#[derive(Debug, Default)]
pub(super) struct Locks(Vec<(HandleNumber, Level)>);

impl Locks {
    fn level(&self, handle: HandleNumber) -> Level {
        let entry = self.0.iter().find(|(holder, _)| *holder == handle);
        entry.map_or(Level::None, |(_, level)| *level)
    }

    fn set(&mut self, handle: HandleNumber, level: Level) {
        self.0.retain(|(holder, _)| *holder != handle);
        if level > Level::None {
            self.0.push((handle, level));
        }
    }

    /// Returns the highest level that another connection holds.
    fn highest_of_others(&self, handle: HandleNumber) -> Level {
        let others = self.0.iter().filter(|(holder, _)| *holder != handle);
        others.map(|(_, level)| *level).max().unwrap_or_default()
    }

    /// Raises a connection's lock to `wanted`. If only readers prevent an exclusive lock after a
    /// reserved one, the connection gets a pending lock and [`Busy`], so that no new reader delays its
    /// next attempt.
    pub(super) fn lock(&mut self, handle: HandleNumber, wanted: Level) -> Result<(), Busy> {
        let others = self.highest_of_others(handle);
        if wanted <= self.level(handle) {
            return Ok(());
        }
        // A reader is admitted beside readers and one reserved lock. Any higher lock is admitted
        // beside readers only.
        if others >= Level::Pending || (wanted > Level::Shared && others > Level::Shared) {
            return Err(Busy);
        }
        if wanted == Level::Exclusive && others == Level::Shared {
            if self.level(handle) == Level::Reserved {
                self.set(handle, Level::Pending);
            }
            return Err(Busy);
        }
        self.set(handle, wanted);
        Ok(())
    }

    /// Lowers a connection's lock to `level`; a lower lock stays.
    pub(super) fn unlock(&mut self, handle: HandleNumber, level: Level) {
        self.set(handle, level.min(self.level(handle)));
    }

    /// Returns whether another connection holds a lock.
    pub(super) fn is_held_by_others(&self, handle: HandleNumber) -> bool {
        self.highest_of_others(handle) > Level::None
    }

    /// Returns whether any connection holds a reserved lock or a higher one.
    pub(super) fn is_reserved(&self) -> bool {
        self.0.iter().any(|(_, level)| *level >= Level::Reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: HandleNumber = HandleNumber(1);
    const TWO: HandleNumber = HandleNumber(2);

    #[test]
    fn readers_share_and_only_one_may_reserve() {
        let mut locks = Locks::default();
        for handle in [ONE, TWO] {
            assert_eq!(locks.lock(handle, Level::Shared), Ok(()));
        }
        assert!(!locks.is_reserved());
        assert_eq!(locks.lock(ONE, Level::Reserved), Ok(()));
        assert!(locks.is_reserved());
        assert_eq!(locks.lock(TWO, Level::Reserved), Err(Busy));
    }

    #[test]
    fn a_writer_waits_for_readers_and_keeps_new_ones_out() {
        let mut locks = Locks::default();
        locks.lock(TWO, Level::Shared).unwrap();
        locks.lock(ONE, Level::Shared).unwrap();
        locks.lock(ONE, Level::Reserved).unwrap();
        assert_eq!(locks.lock(ONE, Level::Exclusive), Err(Busy));
        assert_eq!(locks.lock(HandleNumber(3), Level::Shared), Err(Busy));
        locks.unlock(TWO, Level::None);
        assert_eq!(locks.lock(ONE, Level::Exclusive), Ok(()));
        assert_eq!(locks.lock(TWO, Level::Shared), Err(Busy));
        locks.unlock(ONE, Level::Shared);
        assert_eq!(locks.lock(TWO, Level::Shared), Ok(()));
    }

    #[test]
    fn a_hot_journal_is_not_rolled_back_while_its_writer_holds_a_lock() {
        let mut locks = Locks::default();
        for handle in [ONE, TWO] {
            locks.lock(handle, Level::Shared).unwrap();
        }
        locks.lock(ONE, Level::Reserved).unwrap();
        // SQLite rolls a journal back only under an exclusive lock.
        assert_eq!(locks.lock(TWO, Level::Exclusive), Err(Busy));
        assert_eq!(locks.level(TWO), Level::Shared);
    }
}
