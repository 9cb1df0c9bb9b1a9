//! Applies validated changes to the store, with the invalidations that they cause.
//!
//! Each file is imported in one write transaction: it validates the file against the current
//! records, records the rows, removes the affected cells from the ledger, and increments the
//! revision of the sources, so that an active run notices. No other change comes in between, and a
//! refused file or a dry run leaves nothing behind.
//!
//! | file | does |
//! |---|---|
//! | `import_file`, `import_result` | import one file, and report the result |
//! | `portfolios`, `securities`, `actions`, `prices`, `transactions` | read the existing records and make the changes of one kind of file |
//! | `impact_facts`, `reason_text` | find the cells that a change affects, and word the reason |
//! | `lifecycle` | delete, restore and close portfolios |
//! | `context` | clock and settings of an import, and the errors that stop it |

mod actions;
mod context;
mod impact_facts;
mod import_file;
mod import_result;
mod lifecycle;
mod portfolios;
mod prices;
mod reason_text;
mod securities;
mod transactions;

pub use context::{ApplyError, ImportContext};
pub use import_file::{Mode, SourceFile, import_file, was_imported};
pub use import_result::{FileKind, ImportResult, ImportStatus};
pub use lifecycle::{LifecycleChangeError, close, delete, restore};
