//! Walks all kinds of concerns over all surfaces: a state that one surface shows must show on each.
//!
//! A new kind needs a state in `states.rs`, a new surface a check in `surfaces.rs`; without them the
//! test does not compile.

#[path = "../support/server_process.rs"]
#[allow(dead_code, reason = "each test uses its part of the module")]
mod server_process;
mod states;
mod surfaces;
#[path = "../command_line/workspace.rs"]
#[allow(dead_code, reason = "each test uses its part of the module")]
mod workspace;

use plimsoll::query::ConcernKind;

use states::State;
use surfaces::{Shown, Surface};

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
fn a_check_without_active_portfolios_passes_only_if_that_is_allowed() {
    let empty = workspace::Workspace::new();
    empty.run_ok(&["init"]);
    let deleted = State::of(ConcernKind::NoActivePortfolios).workspace;
    for (workspace, reason) in [
        (&empty, "no portfolios: nothing is checked"),
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
