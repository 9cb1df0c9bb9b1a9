//! Faults in copies, migrations, checkpoints, commits and the verification of outputs.

use crate::execution::{edit, fault};
use crate::mutant::Detection::{Scenario, Writers};
use crate::mutant::Mutant;

const CHECKPOINT: &str = "src/store/checkpoint.rs";
const COMMIT: &str = "src/store/commit.rs";
const FINISH: &str = "src/durable/finish.rs";
const MIGRATIONS: &str = "src/store/migrations.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "busy-checkpoint-taken-for-success",
        "a checkpoint that a reader holds up counts as one that emptied the log",
        &[Writers("busy")],
        &[edit(
            CHECKPOINT,
            "Ok((_, frames)) => Ok(LogState::InUse { frames }),",
            "Ok(LogState::InUse { frames })",
            "let _ = frames; Ok(LogState::Empty)",
        )],
    ),
    fault(
        "backup-without-its-log",
        "a backup copies the file and not what is in its log",
        &[Writers("backup")],
        &[edit(
            "src/store/transaction.rs",
            "Backup::new(self.connection, &mut copy)?.step(-1)?;",
            "self.connection",
            "&*Box::leak(Box::new(Connection::open_with_flags_and_vfs(
                format!(\"file:{}?immutable=1\", self.connection.path().unwrap_or_default()),
                rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
                c\"plimsoll-disk\",
            )?))",
        )],
    ),
    fault(
        "copy-not-synced",
        "a copy is reported before it and its name are synced",
        &[Writers("backup")],
        &[
            edit(FINISH, "let bytes = calls.sync()?;", "calls.sync()?", "0"),
            edit(
                FINISH,
                "calls.sync_folder()?; Ok(bytes)",
                "calls.sync_folder()?;",
                "",
            ),
        ],
    ),
    fault(
        "copy-named-too-early",
        "a copy has its final name while it is written",
        &[Writers("backup")],
        &[edit(
            FINISH,
            "target.with_added_extension(EXTENSION)",
            "target.with_added_extension(EXTENSION)",
            "target.to_owned()",
        )],
    ),
    fault(
        "migrations-out-of-order",
        "two steps of the schema are applied in the other order",
        &[Writers("migration")],
        &[edit(
            MIGRATIONS,
            "Migrations::new(steps).to_latest(connection)",
            "Migrations::new(steps)",
            "let mut steps = steps; steps.swap(2, 3); Migrations::new(steps)",
        )],
    ),
    fault(
        "verify-skips-risk",
        "`verify` computes risk again and does not compare it",
        &[Writers("damage")],
        &[edit(
            "src/query/verify/recompute.rs",
            "compare(Phase::Risk, difference(pair, facts::of_risk));",
            "compare(Phase::Risk, difference(pair, facts::of_risk));",
            "let _ = pair;",
        )],
    ),
    fault(
        "failure-of-another-day",
        "a failure is recorded for another day than that of its cell",
        &[Scenario("portfolios/a_failure_count_is_cleared_on_success")],
        &[edit(
            COMMIT,
            "self.failures().record( failed.cell,",
            "failed.cell",
            "Cell { day: failed.cell.day.next(), ..failed.cell }",
        )],
    ),
    fault(
        "revision-unchecked",
        "inputs are loaded and results stored without a check that the sources are as planned",
        &[Scenario(
            "incident/a_portfolio_added_during_a_run_gets_all_its_days",
        )],
        &[
            edit(
                "src/engine/load.rs",
                "reading.check_revision(surveyed.revision)?;",
                "reading.check_revision(surveyed.revision)?;",
                "",
            ),
            edit(
                COMMIT,
                "writing.check_revision(context.revision)?;",
                "writing.check_revision(context.revision)?;",
                "",
            ),
        ],
    ),
];
