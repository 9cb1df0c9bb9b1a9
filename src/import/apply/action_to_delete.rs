//! Names a corporate action that is to be deleted.

use crate::domain::{ActionName, Day};

/// The action to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionToDelete {
    /// The symbol of the security that is held.
    pub symbol: String,
    /// The first day on which the action counts.
    pub day: Day,
    /// The kind of the action.
    pub kind: ActionName,
    /// The symbol of the security received, of several actions with the other keys.
    pub received: Option<String>,
}
