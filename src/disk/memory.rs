//! Simulates the memory that connections to a database in WAL mode share (the `-shm` file on a real
//! disk), and its lock slots.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::AtomicU64;

use super::locks::{Busy, HandleNumber};

/// The lock state that a connection requests for some of the slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotLock {
    Shared,
    Exclusive,
    Released,
}

/// The lock slots that a connection holds, one bit for each slot.
#[derive(Debug, Default)]
struct Slots {
    shared: u16,
    exclusive: u16,
}

/// The shared memory of a database and its locks. The regions exist until the last connection
/// unmaps.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Each region is boxed, because SQLite keeps its address and it must not move. It consists of
    /// atomics, because several connections write to it at the same time.
    regions: Vec<Box<[AtomicU64]>>,
    /// The connections that use the memory, with the slots that each holds.
    holders: BTreeMap<HandleNumber, Slots>,
}

impl Memory {
    /// Returns the address of region `which`. If it does not exist, creates it and all regions
    /// before it, with at least `size` zero bytes each. The address is valid until the last
    /// connection unmaps.
    pub(super) fn map(&mut self, handle: HandleNumber, which: usize, size: usize) -> *mut c_void {
        self.holders.entry(handle).or_default();
        // Growing the list may move the boxes, but not the regions they point to.
        while self.regions.len() <= which {
            let words = size.div_ceil(size_of::<AtomicU64>());
            self.regions
                .push((0..words).map(|_| AtomicU64::new(0)).collect());
        }
        self.regions[which].as_ptr().cast_mut().cast()
    }

    /// Returns whether region `which` exists.
    pub(super) fn is_made(&self, which: usize) -> bool {
        which < self.regions.len()
    }

    /// Takes or releases all lock slots of `mask`. Fails with `Busy`, without any change, if
    /// another connection holds one of them in a conflicting way.
    pub(super) fn lock(
        &mut self,
        handle: HandleNumber,
        mask: u16,
        wanted: SlotLock,
    ) -> Result<(), Busy> {
        let others = self.holders.iter().filter(|(holder, _)| **holder != handle);
        let conflicting = others.fold(0, |bits, (_, held)| match wanted {
            SlotLock::Shared => bits | held.exclusive,
            SlotLock::Exclusive => bits | held.exclusive | held.shared,
            SlotLock::Released => bits,
        });
        if conflicting & mask != 0 {
            return Err(Busy);
        }
        let held = self.holders.entry(handle).or_default();
        held.shared &= !mask;
        held.exclusive &= !mask;
        match wanted {
            SlotLock::Shared => held.shared |= mask,
            SlotLock::Exclusive => held.exclusive |= mask,
            SlotLock::Released => {}
        }
        Ok(())
    }

    /// Releases the slots of a connection and its use of the memory. Frees the regions if it was
    /// the last connection.
    pub(super) fn unmap(&mut self, handle: HandleNumber) {
        self.holders.remove(&handle);
        if self.holders.is_empty() {
            self.regions.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: HandleNumber = HandleNumber(1);
    const TWO: HandleNumber = HandleNumber(2);

    #[test]
    fn each_slot_has_one_writer_or_many_readers() {
        let mut memory = Memory::default();
        assert_eq!(memory.lock(ONE, 0b001, SlotLock::Exclusive), Ok(()));
        assert_eq!(memory.lock(TWO, 0b011, SlotLock::Exclusive), Err(Busy));
        assert_eq!(memory.lock(TWO, 0b001, SlotLock::Shared), Err(Busy));
        assert_eq!(memory.lock(TWO, 0b010, SlotLock::Shared), Ok(()));
        assert_eq!(memory.lock(ONE, 0b010, SlotLock::Shared), Ok(()));
        assert_eq!(memory.lock(ONE, 0b010, SlotLock::Exclusive), Err(Busy));
        memory.lock(ONE, 0b001, SlotLock::Released).unwrap();
        assert_eq!(memory.lock(TWO, 0b001, SlotLock::Exclusive), Ok(()));
        memory.unmap(TWO);
        assert_eq!(memory.lock(ONE, 0b011, SlotLock::Exclusive), Ok(()));
    }

    #[test]
    fn region_is_shared_until_the_last_unmap() {
        let mut memory = Memory::default();
        assert!(!memory.is_made(0));
        let first = memory.map(ONE, 0, 32_768);
        memory.map(ONE, 3, 32_768);
        assert_eq!(memory.map(TWO, 0, 32_768), first);
        memory.unmap(ONE);
        assert!(memory.is_made(3));
        memory.unmap(TWO);
        assert!(!memory.is_made(0));
    }
}
