//! Applies validated changes to the store, with the invalidations that they cause.
//!
//! Each file is imported in one write transaction: it validates the file against the current
//! records, records the rows, lets [`invalidation`](crate::invalidation) remove the affected cells
//! from the ledger, and increments the revision of the sources, so that an active run notices. No
//! other change comes in between, and a refused file or a dry run leaves nothing behind.
//!
//! | file | does |
//! |---|---|
//! | `source_file`, `import_file`, `import_result` | import one file, and report the result |
//! | `read_transactions` | read the transactions of a file or an export |
//! | `records`, `transactions` | read the existing records, and write the changes, of each kind of file |
//! | `actions` | write and delete corporate actions, with the history of both |
//! | `withdraw` | void transactions, and delete closes |
//! | `create` | create the unknown securities and portfolios of an export |
//! | `context` | clock and settings of an import, and the errors that stop it |

mod actions;
mod context;
mod create;
mod import_file;
mod import_result;
mod read_transactions;
mod records;
mod source_file;
mod transactions;
mod withdraw;

pub use actions::{DeletedAction, delete_action};
pub use context::{ApplyError, ImportContext};
pub use create::CreatedRecords;
pub use import_file::{Mode, import_file, was_imported};
pub use import_result::{FileKind, ImportResult, ImportStatus};
pub use source_file::SourceFile;
pub use withdraw::{
    ActionToDelete, DeletedCloses, VoidedTransactions, WithdrawError, delete_closes,
    void_transactions,
};
