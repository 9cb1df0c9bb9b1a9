//! The tones of states, on every surface that shows them.

use super::palette::Tone;
use crate::query::{CellState, LedgerState, PriceState, StatusVerdict};
use crate::store::RunState;

impl From<CellState<'_>> for Tone {
    fn from(state: CellState<'_>) -> Self {
        match state {
            CellState::NotExpected => Self::Dim,
            CellState::Complete => Self::Good,
            CellState::Open(_) | CellState::Waiting(_) => Self::Warning,
            CellState::CompleteWithOldInputs(_)
            | CellState::Quarantined(_)
            | CellState::Damaged => Self::Bad,
        }
    }
}

impl From<LedgerState> for Tone {
    fn from(state: LedgerState) -> Self {
        match state {
            LedgerState::Done => Self::Good,
            LedgerState::Open => Self::Warning,
            LedgerState::Quarantined => Self::Bad,
        }
    }
}

impl From<StatusVerdict> for Tone {
    fn from(verdict: StatusVerdict) -> Self {
        match verdict {
            StatusVerdict::NoneActive | StatusVerdict::CompleteWithErrors => Self::Bad,
            StatusVerdict::NothingExpected => Self::Dim,
            StatusVerdict::Complete => Self::Good,
            StatusVerdict::Behind => Self::Warning,
            StatusVerdict::BehindAndQuarantined => Self::Bad,
        }
    }
}

impl From<RunState> for Tone {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Complete => Self::Good,
            RunState::Running => Self::Normal,
            RunState::Incomplete | RunState::Cancelled | RunState::Abandoned => Self::Warning,
            RunState::Failed => Self::Bad,
        }
    }
}

impl From<PriceState> for Tone {
    fn from(state: PriceState) -> Self {
        match state {
            PriceState::Late | PriceState::Dead => Self::Warning,
            PriceState::NeverPriced => Self::Bad,
            PriceState::Inactive | PriceState::Closed => Self::Dim,
        }
    }
}
