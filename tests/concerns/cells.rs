//! Says how the newest cell of portfolio A looks in each state.

use plimsoll::query::{ConcernKind, Mark};
use serde_json::Value;

/// The newest cell of portfolio A in a state.
pub(crate) struct CellWords {
    /// The beginning of its state in words.
    pub(crate) state: &'static str,
    /// Its mark in grids.
    pub(crate) mark: Mark,
}

impl CellWords {
    const COMPLETE: Self = Self {
        state: "complete",
        mark: Mark::DoneBefore,
    };

    /// The ledger has it as done, and an output is missing.
    pub(crate) const DAMAGED: Self = Self {
        state: "damaged: done by the ledger, but an output is missing",
        mark: Mark::Damaged,
    };

    /// Returns how the cell looks in the state of this kind. Most states are not about single cells.
    pub(crate) const fn of(kind: ConcernKind) -> Self {
        let (state, mark) = match kind {
            ConcernKind::LastRun
            | ConcernKind::ClockBehind
            | ConcernKind::Damage
            | ConcernKind::VerificationOverdue
            | ConcernKind::AbandonedRun
            | ConcernKind::RejectedFiles
            | ConcernKind::WaitingFiles
            | ConcernKind::InboxUnreadable
            | ConcernKind::PriceCommand
            | ConcernKind::StaleRiskInputs
            | ConcernKind::HeldLog
            | ConcernKind::RiskAbsent => return Self::COMPLETE,
            ConcernKind::NoActivePortfolios => ("nothing is expected", Mark::NotDue),
            ConcernKind::Late | ConcernKind::Failing => ("open, missing", Mark::Open),
            // The phases before the quarantined one are open.
            ConcernKind::Quarantined => ("open, missing", Mark::Partial),
            ConcernKind::UnpricedSession => ("blocked: unpriced session, 1 of 1", Mark::Unpriced),
            ConcernKind::StaleInputs => (
                "complete, with prices or rates up to 12 sessions old: CHFUSD; 100.00 % of the value",
                Mark::OldInputs,
            ),
            ConcernKind::Blocked => ("blocked: no price of WAITS-2026-01-08", Mark::Blocked),
            ConcernKind::ConfigurationChanged => (
                "open, stale: the calendar changed on 2026-01-07",
                Mark::Open,
            ),
        };
        Self { state, mark }
    }

    /// Returns how the cell looks in the world of the state, without what files and configuration add.
    pub(crate) const fn of_world(kind: ConcernKind) -> Self {
        match kind {
            ConcernKind::ConfigurationChanged => Self::COMPLETE,
            kind => Self::of(kind),
        }
    }

    /// Returns the symbol of the cell in the grid of a plan, which would do an open cell.
    pub(crate) const fn planned_symbol(&self) -> char {
        match self.mark {
            Mark::Open | Mark::Partial => Mark::Processed.symbol(),
            mark => mark.symbol(),
        }
    }

    /// Returns the expectations of a scenario that only this state of the cell meets.
    pub(crate) fn expectations(&self) -> String {
        let names = |marks: &[Mark]| match marks.contains(&self.mark) {
            true => "\"A\"",
            false => "[]",
        };
        let keys = [
            (
                "open",
                names(&[Mark::Open, Mark::Partial, Mark::Blocked, Mark::Unpriced]),
            ),
            ("waiting", names(&[Mark::Blocked, Mark::Unpriced])),
            ("unpriced", names(&[Mark::Unpriced])),
            ("old-inputs", names(&[Mark::OldInputs])),
        ];
        let keys = keys.map(|(key, names)| format!("{key}.\"2026-01-08\" = {names}\n"));
        let watermark = match self.mark {
            Mark::NotDue => "watermark = \"none\"\n",
            _ => "",
        };
        format!("[expect]\n{}{watermark}", keys.concat())
    }

    /// Returns whether the cell looks as in complete books.
    pub(crate) fn is_complete(&self) -> bool {
        self.mark == Mark::DoneBefore
    }

    /// Returns whether a text, in one line, has the state, with `before` and `after` around it.
    pub(crate) fn are_in(&self, text: &str, before: &str, after: &str) -> bool {
        // The reason of an open or waiting cell may go on.
        let after = if self.is_complete() { after } else { "" };
        text.contains(&format!("{before}{}{after}", self.state))
    }

    /// Returns whether a text, in one line, shows books with the state of the newest cell; the books
    /// of a complete cell need no words.
    pub(crate) fn qualify_books(&self, text: &str) -> bool {
        let words = format!("2026-01-08: {}", self.state);
        match self.is_complete() {
            true => !text.contains("2026-01-08: "),
            false => text.contains(&words),
        }
    }

    /// Returns whether an answer explains this state.
    pub(crate) fn explain(&self, json: &Value) -> bool {
        let decision = &json["decision"];
        let found = (decision["reason"].as_str(), decision["kind"].as_str());
        let is_old = json["old-inputs"].is_object();
        let phases = json["phases"].as_array();
        let lacks_output = phases.is_some_and(|phases| {
            phases
                .iter()
                .any(|phase| phase["ledger"] == "present" && phase["output"] == "absent")
        });
        match self.mark {
            Mark::DoneBefore => {
                found == (Some("skip"), Some("complete")) && !is_old && !lacks_output
            }
            Mark::Damaged => found == (Some("skip"), Some("complete")) && lacks_output,
            Mark::OldInputs => found == (Some("skip"), Some("complete")) && is_old,
            Mark::NotDue => found == (Some("skip"), Some("deleted")),
            Mark::Blocked => decision["wait"]["for"] == "prices",
            Mark::Unpriced => decision["wait"]["for"] == "session",
            _ => found.0 == Some("step"),
        }
    }

    /// Returns whether the mark is the last one of A in the grid of an answer.
    pub(crate) fn end_row(&self, json: &Value) -> bool {
        let row = &json["grid"]["rows"][0]["marks"];
        let last = row.as_array().and_then(|marks| marks.last());
        last == Some(&serde_json::to_value(self.mark).unwrap())
    }

    /// Returns whether the mark is the last one of A in a printed grid.
    pub(crate) fn end_line(&self, text: &str) -> bool {
        let row = text.lines().find(|line| line.starts_with("A  "));
        let symbol = row.and_then(|row| row.chars().last());
        symbol == Some(self.mark.symbol())
    }

    /// Returns whether the symbol of a plan is the last one of A in a printed grid.
    pub(crate) fn end_planned_line(&self, text: &str) -> bool {
        let row = text.lines().find(|line| line.starts_with("A  "));
        let symbol = row.and_then(|row| row.chars().last());
        // A deleted portfolio has no row.
        symbol.unwrap_or(Mark::NotDue.symbol()) == self.planned_symbol()
    }

    /// Returns whether the grid of a page has a cell of A with the label of the mark.
    pub(crate) fn label_cell(&self, page: &str) -> bool {
        let label = match self.mark {
            Mark::DoneBefore => "complete",
            other => other.legend(),
        };
        page.contains(&format!(": {label}\""))
    }
}
