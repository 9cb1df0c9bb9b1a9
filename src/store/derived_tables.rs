//! Names the tables that a repair can put right: no run computes the rows of the other ones.

/// The tables whose rows follow from the sources, or tell what runs did.
const DERIVED: [&str; 14] = [
    "alert_state",
    "failure",
    "file_state",
    "invalidated",
    "invalidation",
    "lease",
    "ledger",
    "lifecycle_index",
    "outbox",
    "price_refusal",
    "price_request",
    "revision",
    "run",
    "verification",
];

/// Returns whether the rows of a table follow from the sources, or tell what runs did.
pub(super) fn is_derived(table: &str) -> bool {
    DERIVED.contains(&table)
}
