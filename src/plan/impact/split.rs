//! What a split touches.

use super::{Owners, Ripple, Touched, of_price};
use crate::domain::{Day, PhaseSet, SecurityId};

/// What a split on `day` touches that was added or corrected: for those who owned before it
/// everything from its session on, because what they hold is another quantity ever after; and what
/// its ripple touches, since the price before it is carried through it.
///
/// `owners` know the split as it is from now on. Who owns later may depend on it, but only among
/// those who owned before.
pub fn of_split(security: SecurityId, day: Day, ripple: &Ripple, owners: &Owners<'_>) -> Touched {
    let mut touched = of_price(security, ripple, owners);
    let from = owners.place(day);
    let after = owners.sessions.get(from..).unwrap_or_default();
    touched.add_on(after, PhaseSet::OF_CELL, &owners.subject_to_split(day));
    touched
}
