//! Walks all kinds of concerns over all surfaces: a state that one surface shows must show on each.
//!
//! A new kind needs a state in `states.rs` and its cell in `cells.rs`, a new surface a check in
//! `surfaces.rs`; without them the test does not compile.

mod cells;
#[path = "../support/server_process.rs"]
#[allow(dead_code, reason = "each test uses its part of the module")]
mod server_process;
mod states;
mod surfaces;
#[path = "../command_line/workspace.rs"]
#[allow(dead_code, reason = "each test uses its part of the module")]
mod workspace;

use plimsoll::query::ConcernKind;
use serde_json::Value;

use cells::CellWords;
use states::State;
use surfaces::{Shown, Surface, in_one_line};

#[test]
fn each_state_shows_on_each_surface() {
    let mut faults = Vec::new();
    for kind in ConcernKind::ALL {
        let shown = Shown::read(&State::of(kind), &|_| {});
        for surface in Surface::ALL {
            if !surface.shows(kind, &shown) {
                faults.push(format!("{kind} on {surface:?}: {}", surface.text(&shown)));
            }
        }
    }
    assert!(faults.is_empty(), "not shown:\n{}", faults.join("\n"));
}

#[test]
fn complete_books_show_no_concern() {
    let shown = Shown::read(&State::complete(), &|_| {});
    for kind in ConcernKind::ALL {
        for surface in Surface::ALL {
            assert!(
                !surface.shows(kind, &shown),
                "{kind} on {surface:?}: {}",
                surface.text(&shown)
            );
        }
    }
    assert_eq!(shown.check_code, 0);
    assert!(shown.overview.contains("is complete up to"));
}

#[test]
fn a_rejected_file_is_a_concern_until_it_is_gone() {
    let state = State::of(ConcernKind::RejectedFiles);
    let shown = Shown::read(&state, &|workspace| {
        std::fs::remove_file(workspace.path("inbox/rejected/prices/x.csv")).unwrap();
    });
    for surface in Surface::ALL {
        assert!(
            !surface.shows(ConcernKind::RejectedFiles, &shown),
            "{surface:?}"
        );
    }
    assert_eq!(shown.check_code, 0);
}

#[test]
fn damage_is_a_concern_until_it_is_repaired_or_a_verification_finds_none() {
    let state = State::of(ConcernKind::Damage);
    let shown = Shown::read(&state, &|workspace| {
        assert_eq!(workspace.run(&["check"]).code, 1);
        // The sample has no cell, so that it does not show the damaged one.
        let sampled = workspace.run(&["verify", "--sample", "0"]);
        let check = workspace.run(&["check"]);
        assert_eq!(check.code, 1, "{}{}", sampled.stdout, check.stdout);
        let status = workspace.run_ok(&["status"]);
        assert!(status.contains("next: plimsoll repair"), "{status}");
        workspace.run_ok(&["repair"]);
        workspace.run_ok(&["run"]);
        workspace.run_ok(&["verify", "--all"]);
    });
    for surface in Surface::ALL {
        assert!(!surface.shows(ConcernKind::Damage, &shown), "{surface:?}");
    }
    assert_eq!(shown.check_code, 0);
}

#[test]
fn damage_that_another_command_meets_is_a_concern() {
    let state = State::complete();
    let workspace = &state.workspace;
    let connection = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    let sql = "UPDATE portfolio SET currency = '??' WHERE name = 'A'";
    assert_eq!(connection.execute(sql, []).unwrap(), 1);
    drop(connection);
    assert_eq!(workspace.run(&["show", "A"]).code, 5);
    let connection = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    let sql = "UPDATE portfolio SET currency = 'USD' WHERE name = 'A'";
    assert_eq!(connection.execute(sql, []).unwrap(), 1);
    drop(connection);
    let check = workspace.run(&["check"]);
    assert_eq!(check.code, 1, "{}", check.stdout);
    assert!(
        check.stdout.contains("a read found damage at"),
        "{}",
        check.stdout
    );
    let status = workspace.run_ok(&["status"]);
    assert!(status.contains("next: plimsoll verify --all"), "{status}");
    workspace.run_ok(&["verify", "--all"]);
    workspace.run_ok(&["check"]);
}

#[test]
fn a_missing_output_of_a_done_cell_is_a_concern() {
    for table in ["snapshot", "position", "exposure", "risk"] {
        let state = State::complete();
        let workspace = &state.workspace;
        let connection = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
        let sql = format!("DELETE FROM {table} WHERE cell = (SELECT max(cell) FROM {table})");
        assert_eq!(connection.execute(&sql, []).unwrap(), 1);
        drop(connection);
        let shown = Shown::read(&state, &|_| {});
        let surfaces = Surface::ALL.into_iter();
        for surface in surfaces.filter(|surface| surface.has_stored_cells()) {
            assert!(
                surface.has_cell(&CellWords::DAMAGED, &shown),
                "{table} on {surface:?}: {}",
                surface.text(&shown)
            );
        }
        let check = workspace.run(&["check"]);
        assert_eq!(check.code, 1, "{table}: {}", check.stdout);
        assert!(check.stdout.contains("a read found damage at"), "{table}");
        let status = workspace.run_ok(&["status"]);
        assert!(status.contains("next: plimsoll verify --all"), "{status}");
        workspace.run_ok(&["repair"]);
        workspace.run_ok(&["run"]);
        workspace.run_ok(&["verify", "--all"]);
        workspace.run_ok(&["check"]);
    }
}

#[test]
fn a_missing_output_of_an_older_cell_is_a_concern_once_it_is_shown() {
    for command in [
        ["explain", "A", "2026-01-06"].as_slice(),
        ["show", "A", "--as-of", "2026-01-06"].as_slice(),
        ["status"].as_slice(),
    ] {
        let workspace = State::complete().workspace;
        let connection = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
        let older = "(SELECT cell FROM risk ORDER BY cell DESC LIMIT 1 OFFSET 2)";
        let sql = format!("DELETE FROM risk WHERE cell = {older}");
        assert_eq!(connection.execute(&sql, []).unwrap(), 1);
        drop(connection);
        workspace.run_ok(command);
        let check = workspace.run(&["check"]);
        assert_eq!(check.code, 1, "{}", check.stdout);
        let words = "an output of A on 2026-01-06 is missing";
        assert!(
            in_one_line(&check.stdout).contains(words),
            "{}",
            check.stdout
        );
    }
}

#[test]
fn a_verification_is_due_again_after_the_configured_days() {
    let state = State::of(ConcernKind::VerificationOverdue);
    let workspace = &state.workspace;
    assert_eq!(workspace.run(&["check"]).code, 1);
    workspace.run_ok(&["verify"]);
    workspace.run_ok(&["check"]);
    // The sessions in between are late, so that only the concerns tell.
    let later = ["check", "--json", "--now", "2026-01-16T18:00:00-05:00"];
    let overdue = "verification-overdue";
    assert!(workspace.run(&later).stdout.contains(overdue));
    let allowed = [&later[..], &["--max-verify-age", "30"]].concat();
    assert!(!workspace.run(&allowed).stdout.contains(overdue));
}

#[test]
fn a_check_without_active_portfolios_passes_only_if_that_is_allowed() {
    let empty = workspace::Workspace::new();
    empty.run_ok(&["init"]);
    let deleted = State::of(ConcernKind::NoActivePortfolios).workspace;
    for (workspace, reason) in [
        (&empty, "no active portfolio: the database has none"),
        (&deleted, "no active portfolio: the only one is deleted"),
    ] {
        let refused = workspace.run(&["check"]);
        assert_eq!(refused.code, 3, "{}", refused.stdout);
        assert!(refused.stdout.contains(reason), "{}", refused.stdout);
        let status = workspace.run_ok(&["status"]);
        assert!(status.contains(reason), "{status}");
        workspace.run_ok(&["check", "--allow-empty"]);
    }
    assert_eq!(deleted.run(&["check", "-p", "A"]).code, 3);
}

#[test]
fn an_old_rate_is_named_by_the_pairs_that_make_it() {
    let state = State::of_world(
        "[securities]\nALPN = { currency = \"CHF\" }\nCHFUSD = { class = \"fx\" }\n\
         CHFGBP = { class = \"fx\", currency = \"GBP\" }\nGBPUSD = { class = \"fx\" }\n\
         [prices]\nCHFUSD = { 2025-12-19 = 1.25 }\nCHFGBP = { 2025-12-19 = \"missing\" }\n\
         GBPUSD = { 2025-12-19 = \"missing\" }\n\
         [portfolios]\nA = { inception = 2025-12-19, cash = 1_000, holdings = { ALPN = 100 }, complete = \"..\" }\n",
    );
    let check = state.workspace.run(&["check"]);
    let text = in_one_line(&check.stdout);
    assert!(
        text.contains("more than 10 sessions old: CHFUSD; up to"),
        "{text}"
    );
    let shown = Shown::read(&state, &|_| {});
    let page = Surface::HealthPage.text(&shown);
    let rows = page.matches("<th scope=\"row\">").count();
    assert!(page.contains("<th scope=\"row\">CHFUSD"), "{page}");
    assert_eq!(rows, 1, "only the pair that makes the rate: {page}");
}

#[test]
fn an_old_rate_of_a_foreign_benchmark_is_an_old_input_of_risk() {
    let text = "risk of 1 portfolio lacks recent closes: the exchange rate CHFUSD has no close for 12 \
                sessions";
    for (currency, is_old) in [("CHF", true), ("USD", false)] {
        let state = State::of_world(&format!(
            "[securities]\nMKT = {{ currency = \"{currency}\" }}\nCHFUSD = {{ class = \"fx\" }}\n\
             [prices]\nCHFUSD = {{ 2025-12-19 = 1.25 }}\n\
             [portfolios]\nA = {{ complete = \"..\" }}\n",
        ));
        let check = state.workspace.run(&["check"]);
        let shown = in_one_line(&check.stdout);
        assert_eq!(shown.contains(text), is_old, "{shown}");
        assert_eq!(check.code, i32::from(is_old), "{shown}");
    }
}

#[test]
fn old_rates_of_a_cell_are_named_with_the_commands_that_help() {
    for (state, is_old) in [
        (State::of(ConcernKind::StaleInputs), true),
        (State::complete(), false),
    ] {
        let workspace = &state.workspace;
        let text = workspace.run_ok(&["explain", "A", "2026-01-08"]);
        assert_eq!(text.contains("plimsoll import prices"), is_old, "{text}");
        let json = workspace.run_ok(&["explain", "A", "2026-01-08", "--json"]);
        let parsed: Value = serde_json::from_str(&json).unwrap();
        let input = parsed["old-inputs"]["inputs"][0].as_str();
        assert_eq!(input, is_old.then_some("CHFUSD"), "{json}");
        let show = workspace.run_ok(&["show", "A"]);
        assert_eq!(show.contains("stale"), is_old, "{show}");
    }
}

#[test]
fn books_of_a_day_without_any_say_why_and_what_to_do() {
    let unpriced = State::of(ConcernKind::UnpricedSession).workspace;
    let deleted = State::of(ConcernKind::NoActivePortfolios).workspace;
    for (workspace, day, words) in [
        (
            &unpriced,
            "2026-01-07",
            "no books of 2026-01-07: blocked: unpriced session, 1 of 1 securities have no close \
             next: plimsoll import prices",
        ),
        // A Sunday has the state of the session before.
        (
            &unpriced,
            "2026-01-11",
            "no books of 2026-01-08: blocked: unpriced session, 1 of 1 securities have no close",
        ),
        (
            &unpriced,
            "2026-01-03",
            "no books of 2026-01-02: nothing is expected, its inception is 2026-01-05",
        ),
        (
            &deleted,
            "2026-01-02",
            "no books of 2026-01-02: nothing is expected, it was deleted at 2026-01-05 14:00 UTC",
        ),
    ] {
        let shown = in_one_line(&workspace.run_ok(&["show", "A", "--as-of", day]));
        assert!(shown.contains(words), "{day}: {shown}");
    }
    let shown = unpriced.run_ok(&["show", "A", "--as-of", "2026-01-06"]);
    assert!(!shown.contains("no books of"), "{shown}");
}

#[test]
fn absent_risk_is_said_with_the_reasons_that_its_figures_have() {
    let workspace = State::of(ConcernKind::RiskAbsent).workspace;
    let status = in_one_line(&workspace.run_ok(&["status"]));
    let words = "risk has no figures for 1 portfolio: too little of the value is covered";
    assert!(status.contains(words), "{status}");
    // The world has a benchmark.
    assert!(!status.contains("no benchmark"), "{status}");
}

#[test]
fn the_health_page_counts_the_cells_of_unpriced_sessions_as_blocked() {
    let shown = Shown::read(&State::of(ConcernKind::UnpricedSession), &|_| {});
    let page = Surface::HealthPage.text(&shown);
    assert!(page.contains("None but those of the unpriced sessions."));
}
