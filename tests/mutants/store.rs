//! Faults in the store: wrong pragmas, transactions and checks. And in what a process sees of
//! others.

use crate::execution::{edit, fault, insert};
use crate::mutant::Detection::{Scenario, Sim};
use crate::mutant::{Edit, Mutant};

const CONNECTION: &str = "src/store/connection.rs";
const CHECKPOINT: &str = "src/store/checkpoint.rs";
const STORE: &str = "src/store/store.rs";
const COMMIT: &str = "src/store/commit.rs";
const LEASE: &str = "src/store/lease.rs";
const FAILURES: &str = "src/store/failures.rs";
const ENVIRONMENT: &str = "src/environment.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "synchronous-normal",
        "the WAL is synced at checkpoints only",
        &[Sim("explore")],
        &[synchronous("1")],
    ),
    fault(
        "synchronous-off",
        "nothing is ever synced",
        &[Sim("explore")],
        &[synchronous("0")],
    ),
    fault(
        "rollback-journal",
        "a rollback journal whose deletion is not synced",
        &[Sim("explore")],
        &[journal_mode("\"delete\""), synchronous("1")],
    ),
    fault(
        "pragma-results-ignored",
        "the results of pragmas are not read, and none took effect",
        &[Sim("explore")],
        &[journal_mode("\"delete\""), synchronous("2")],
    ),
    fault(
        "wal-not-truncated",
        "a WAL whose sync may have failed is appended to",
        &[Sim("faults")],
        &[insert(
            CHECKPOINT,
            "match try_checkpoint(connection)? { LogState::Empty => log_mark::remove(place), \
             LogState::InUse { frames } if",
            "return Ok(());",
        )],
    ),
    fault(
        "no-transaction",
        "every statement is a transaction of its own",
        &[Sim("explore")],
        &[insert(
            STORE,
            "let transaction = self.connection.transaction_with_behavior(",
            "return work(&WriteTransaction::on(&self.connection));",
        )],
    ),
    fault(
        "deferred-transactions",
        "the write lock is taken at the first write only",
        &[Sim("pair")],
        &[edit(
            STORE,
            "TransactionBehavior::Immediate",
            "TransactionBehavior::Immediate",
            "TransactionBehavior::Deferred",
        )],
    ),
    fault(
        "commit-error-ignored",
        "an error of a commit is ignored",
        &[Sim("faults")],
        &[insert(COMMIT, "self.checkpoint()?;", "return Ok(());")],
    ),
    fault(
        "digests-not-stored",
        "changes of rows are not added to the digests",
        &[Scenario(
            "calendar/a_session_closed_afterwards_is_no_longer_expected",
        )],
        &[edit(
            STORE,
            "|changes, transaction| changes.store(transaction)",
            "changes.store(transaction)",
            "Ok(())",
        )],
    ),
    fault(
        "replaced-rows-not-digested",
        "a row that another one replaces stays in the digest",
        &[Scenario(
            "calendar/a_session_closed_afterwards_is_no_longer_expected",
        )],
        &[edit(
            CONNECTION,
            "set(connection, \"recursive_triggers\", 1)",
            "1",
            "0",
        )],
    ),
    fault(
        "lease-unchecked",
        "a run that has lost the lease commits a batch",
        &[Sim("pair")],
        &[edit(
            COMMIT,
            "writing.lease().renew(context.lease, environment, context.lease_length)?;",
            "writing.lease().renew(context.lease, environment, context.lease_length)?;",
            "let renewing = writing.lease();
            let _ = renewing.renew(context.lease, environment, context.lease_length);",
        )],
    ),
    fault(
        "lease-returned-unchecked",
        "a run that has lost the lease returns that of another and closes",
        &[Scenario("runs/a_run_that_lost_its_lease_cannot_close")],
        &[edit(
            LEASE,
            "self.check(lease)?;",
            "self.check(lease)?;",
            "",
        )],
    ),
    fault(
        "success-clears-failures-of-others",
        "a success of one portfolio clears the failures of all on that day",
        &[Scenario(
            "portfolios/a_success_of_one_portfolio_clears_no_failure_of_another",
        )],
        &[edit(
            FAILURES,
            "\"DELETE FROM failure WHERE day = ?1 AND portfolio = ?2 AND phase = ?3\"",
            "\"DELETE FROM failure WHERE day = ?1 AND portfolio = ?2 AND phase = ?3\"",
            "\"DELETE FROM failure WHERE day = ?1 AND ?2 = ?2 AND phase = ?3\"",
        )],
    ),
    fault(
        "retry-of-one-retries-all",
        "a retry of one portfolio clears the failures of all",
        &[Scenario(
            "portfolios/a_retry_of_one_portfolio_leaves_the_others_quarantined",
        )],
        &[edit(
            FAILURES,
            "params![first, last, portfolio],",
            "portfolio",
            "portfolio.filter(|_| false)",
        )],
    ),
    fault(
        "dead-process-seen-as-running",
        "a dead process is seen as running",
        &[Sim("explore")],
        &[liveness("return Liveness::Running;")],
    ),
    fault(
        "running-process-seen-as-dead",
        "a running process is seen as dead",
        &[Sim("pair")],
        &[liveness("return Liveness::Gone;")],
    ),
];

const fn synchronous(level: &'static str) -> Edit {
    edit(
        CONNECTION,
        "set(connection, \"synchronous\", EXTRA)",
        "EXTRA",
        level,
    )
}

const fn journal_mode(mode: &'static str) -> Edit {
    edit(CONNECTION, "let wanted = \"wal\";", "\"wal\"", mode)
}

/// Makes every other process look alike.
const fn liveness(seen: &'static str) -> Edit {
    insert(ENVIRONMENT, "match &self.processes {", seen)
}
