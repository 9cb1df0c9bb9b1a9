//! The concerns of the inbox.

use super::concern::Concern;
use super::fact::ConcernFact;
use super::inputs::InboxState;
use crate::domain::IdSet;
use crate::query::next_command::NextCommand;

/// Returns the concern that files were refused.
pub(super) fn rejected_files(inbox: &InboxState) -> Option<Concern> {
    let InboxState::Listed { rejected, .. } = inbox else {
        return None;
    };
    let first = rejected.first()?;
    let files = rejected.iter().map(|file| file.path.clone()).collect();
    let next = first.report.clone().map(NextCommand::ReadFile);
    Some(concern(ConcernFact::RejectedFiles { files }, next))
}

/// Returns the concern that files wait and are not imported.
pub(super) fn waiting_files(inbox: &InboxState) -> Option<Concern> {
    let InboxState::Listed { waiting, .. } = inbox else {
        return None;
    };
    let files = waiting.clone();
    (!files.is_empty()).then(|| concern(ConcernFact::WaitingFiles { files }, None))
}

/// Returns the concern that the inbox cannot be listed.
pub(super) fn unreadable_inbox(inbox: &InboxState) -> Option<Concern> {
    let InboxState::Unreadable { path, error } = inbox else {
        return None;
    };
    let fact = ConcernFact::InboxUnreadable {
        path: path.clone(),
        error: error.clone(),
    };
    Some(concern(fact, None))
}

fn concern(fact: ConcernFact, next: Option<NextCommand>) -> Concern {
    Concern {
        fact,
        portfolios: IdSet::new(),
        next,
    }
}
