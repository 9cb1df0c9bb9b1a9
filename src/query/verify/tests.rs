//! Tests of verification: rows are damaged with plain SQL, and the broken claim must find it.

use super::*;
use crate::domain::{Cell, Phase, PhaseSet, PortfolioId, RiskModel};
use crate::query::fixture::{Fixture, SESSIONS, filled};
use crate::query::next_command::NextCommand;

impl Fixture {
    fn verify(&self, sample: Sample) -> Verification {
        verify(
            &self.store,
            &self.settings,
            &self.environment,
            sample,
            &|_| {},
        )
        .unwrap()
    }

    /// The key of Alpha's cell on the session with index `at`.
    fn key(&self, at: usize) -> i64 {
        Cell::new(self.days[at], PortfolioId(1)).key()
    }
}

#[track_caller]
fn findings(verification: &Verification, claim: Claim) -> String {
    match verification.verdict(claim).unwrap() {
        Verdict::Broken { findings, .. } => findings.join("\n"),
        Verdict::Proven { .. } => panic!("{claim:?} holds: {verification:#?}"),
    }
}

#[track_caller]
fn assert_broken(verification: &Verification, broken: &[Claim]) {
    for check in &verification.checks {
        let holds = matches!(check.verdict, Verdict::Proven { .. });
        assert_eq!(holds, !broken.contains(&check.claim), "{check:#?}");
    }
}

#[test]
fn a_database_filled_by_a_run_is_proven() {
    let fixture = filled();
    let verification = fixture.verify(Sample::All);
    assert!(verification.holds(), "{verification:#?}");
    let cells = (SESSIONS + SESSIONS - 10) as u64;
    assert_eq!(verification.sessions, SESSIONS);
    assert_eq!(
        (verification.cells, verification.recomputed),
        (cells, cells)
    );
    assert_eq!(verification.stale_outputs, 0);
    for check in &verification.checks {
        let Verdict::Proven { count } = check.verdict else {
            panic!("{check:?}");
        };
        assert!(count > 0, "{check:?} checked nothing");
    }
}

#[test]
fn an_invalidated_cell_is_stale_and_breaks_no_claim() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.days[7], PhaseSet::CELL_PHASES);
    let verification = fixture.verify(Sample::All);
    assert!(verification.holds(), "{verification:#?}");
    assert_eq!(verification.stale_outputs, 4);
}

#[test]
fn a_flipped_nav_is_found_by_addition_and_by_recomputation() {
    let fixture = filled();
    let key = fixture.key(5);
    fixture.damage(&format!(
        "UPDATE snapshot SET nav = nav + 1 WHERE cell = {key}"
    ));
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::BooksAddUp, Claim::CellsRecomputed]);
    let day = fixture.days[5];
    let added = findings(&verification, Claim::BooksAddUp);
    assert!(
        added.contains(&format!(
            "`Alpha` on {day}, snapshot: nav = cash + long + short: "
        )),
        "{added}"
    );
    let next = fixture.days[6];
    assert!(
        added.contains(&format!("`Alpha` on {next}, snapshot: pnl = ")),
        "{added}"
    );
    let recomputed = findings(&verification, Claim::CellsRecomputed);
    assert!(
        recomputed.starts_with(&format!("`Alpha` on {day}, snapshot: nav: ")),
        "{recomputed}"
    );
    let sources = recomputed.split(" is stored, the sources give ").count();
    assert_eq!(sources, 2, "{recomputed} names both values");
}

#[test]
fn wrong_books_that_add_up_are_found_by_recomputation() {
    let fixture = filled();
    let key = fixture.key(5);
    fixture.damage(&format!(
        "UPDATE snapshot SET realized = realized + 1 WHERE cell = {key}"
    ));
    assert_broken(&fixture.verify(Sample::All), &[Claim::CellsRecomputed]);
}

#[test]
fn a_deleted_row_is_found() {
    for (phase, table) in [
        (Phase::Snapshot, "snapshot"),
        (Phase::Positions, "position"),
        (Phase::Exposures, "exposure"),
        (Phase::Risk, "risk"),
    ] {
        let fixture = filled();
        let key = fixture.key(5);
        fixture.damage(&format!("DELETE FROM {table} WHERE cell = {key}"));
        let verification = fixture.verify(Sample::All);
        assert!(!verification.holds());
        let found = findings(&verification, Claim::LedgerHasOutput);
        let day = fixture.days[5];
        assert_eq!(
            found,
            format!("`Alpha` on {day}, {phase}: done by the ledger, but its output is missing")
        );
    }
}

#[test]
fn a_ledger_entry_without_a_portfolio_is_found() {
    let fixture = filled();
    let mut writer = fixture.store.writer().unwrap();
    let day = fixture.days[3];
    writer
        .write(|writing| {
            writing
                .ledger()
                .mark_done(day, Phase::Risk, &[77].into_iter().collect())
        })
        .unwrap();
    let verification = fixture.verify(Sample::All);
    assert_broken(
        &verification,
        &[Claim::LedgerHasOutput, Claim::LedgerIdsKnown],
    );
    let found = findings(&verification, Claim::LedgerIdsKnown);
    assert!(
        found.starts_with(&format!(
            "portfolio 77 on {day}, risk: unknown id in the ledger"
        )),
        "{found}"
    );
    // The unknown portfolio's cell cannot be recomputed, so it does not count as recomputed.
    assert_eq!(verification.recomputed, verification.cells - 1);
}

#[test]
fn a_portfolio_changed_outside_the_index_is_found() {
    let fixture = filled();
    fixture.damage("UPDATE portfolio SET deleted_at = 1 WHERE name = 'Beta'");
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Rows, Claim::LifecycleIndex]);
    assert_eq!(
        findings(&verification, Claim::LifecycleIndex),
        "active: the lifecycle index has `Beta` too many\n\
         deleted: the lifecycle index lacks `Beta`"
    );
}

#[test]
fn a_changed_statistic_is_found() {
    let fixture = filled();
    let key = Cell::new(fixture.days[20], PortfolioId(2)).key();
    fixture.damage(&format!(
        "UPDATE security_statistics SET session_return = session_return + 1e-15 WHERE cell = {key}"
    ));
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::StatisticsRecomputed]);
    let found = findings(&verification, Claim::StatisticsRecomputed);
    assert!(
        found.starts_with(&format!(
            "`BOLT` on {}, securities: return: ",
            fixture.days[20]
        )),
        "{found}"
    );
}

#[test]
fn invalidated_statistics_break_the_risk_claim() {
    let fixture = filled();
    let day = fixture.days[9].number();
    fixture.damage(&format!(
        "DELETE FROM ledger WHERE phase = 2 AND day = {day}"
    ));
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Rows, Claim::RiskHasStatistics]);
    assert_eq!(verification.stale_outputs, 3);
}

#[test]
fn a_close_corrected_outside_an_import_is_found() {
    let fixture = filled();
    let day = fixture.days[12].number();
    fixture.damage(&format!(
        "UPDATE price SET close = close * 2 WHERE security = 1 AND day = {day}"
    ));
    let verification = fixture.verify(Sample::All);
    assert_broken(
        &verification,
        &[
            Claim::Rows,
            Claim::CellsRecomputed,
            Claim::StatisticsRecomputed,
        ],
    );
}

#[test]
fn unreadable_bytes_are_a_finding() {
    let fixture = filled();
    let key = fixture.key(5);
    fixture.damage(&format!(
        "UPDATE position SET holdings = x'00' WHERE cell = {key}"
    ));
    let verification = fixture.verify(Sample::All);
    assert!(!verification.holds());
    let found = findings(&verification, Claim::BooksAddUp);
    assert!(
        found.starts_with(&format!(
            "`Alpha` on {}: the database is damaged",
            fixture.days[5]
        )),
        "{found}"
    );
}

#[test]
fn an_unreadable_ledger_is_a_finding() {
    let fixture = filled();
    let day = fixture.days[9].number();
    fixture.damage(&format!(
        "UPDATE ledger SET count = 9 WHERE phase = 3 AND day = {day}"
    ));
    let found = findings(&fixture.verify(Sample::All), Claim::LedgerHasOutput);
    assert!(found.starts_with(&fixture.days[9].to_string()), "{found}");
}

#[test]
fn an_orphan_transaction_is_found_by_sqlite() {
    let fixture = filled();
    fixture.damage("UPDATE entry SET portfolio = 99 WHERE portfolio = 3");
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Integrity, Claim::Rows]);
}

#[test]
fn a_running_run_without_a_lease_is_found() {
    let fixture = filled();
    fixture.damage("UPDATE run SET state = 'running'");
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Rows, Claim::Runs]);
    assert!(findings(&verification, Claim::Runs).contains("holds no lease"));
}

#[test]
fn a_lease_of_a_run_that_ended_is_found() {
    let fixture = filled();
    fixture.damage("INSERT INTO lease VALUES (1, 1, 'token', 'nowhere', 1, 0, 0, 0, NULL)");
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Rows, Claim::Runs]);
    assert!(findings(&verification, Claim::Runs).contains("is not running"));
}

#[test]
fn a_sample_recomputes_only_its_cells_and_still_checks_all_books() {
    let fixture = filled();
    let key = fixture.key(5);
    fixture.damage(&format!(
        "UPDATE snapshot SET nav = nav + 1 WHERE cell = {key}"
    ));
    let verification = fixture.verify(Sample::Count { cells: 7, seed: 3 });
    assert_eq!(verification.recomputed, 7);
    findings(&verification, Claim::BooksAddUp);
}

#[test]
fn a_configuration_that_is_not_in_force_is_found() {
    let mut fixture = filled();
    fixture.settings.model = Some(RiskModel::default());
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Configuration]);
    let found = findings(&verification, Claim::Configuration);
    let changed = "benchmark, factors or shocks changed: the next run computes ";
    assert!(found.starts_with(changed), "{found}");

    let mut fixture = filled();
    fixture.settings.calendar = fixture.without_session(20);
    let verification = fixture.verify(Sample::All);
    assert_broken(&verification, &[Claim::Configuration]);
    let found = findings(&verification, Claim::Configuration);
    let changed = format!("the calendar changed on {}: ", fixture.days[20]);
    assert!(found.starts_with(&changed), "{found}");
    fixture.run();
    assert!(fixture.verify(Sample::All).holds());
}

#[test]
fn the_commands_that_fix_the_damage_are_named() {
    let next = |sql: &str| {
        let fixture = filled();
        fixture.damage(sql);
        fixture.verify(Sample::All).next
    };
    let repair = [NextCommand::Repair, NextCommand::Run];
    assert_eq!(next("UPDATE snapshot SET realized = 7"), repair);
    assert_eq!(next("UPDATE run SET policy = 'x'"), repair);
    let restore = [NextCommand::Restore, NextCommand::AcceptChanges];
    assert_eq!(next("UPDATE security SET name = 'x' WHERE id = 1"), restore);
    assert_eq!(
        next("UPDATE calendar SET count = 1"),
        [NextCommand::Restore]
    );
}
