//! Renders corporate actions, their history, and the result of deleting one.

use serde_json::{Value, json};

use super::corrections::{correction_sentence, to_do_again};
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::import::apply::DeletedAction;
use crate::query::{ActionChangeView, ActionView};

/// Corporate actions as text of at most 80 columns.
pub fn actions_text(actions: &[ActionView], palette: Palette) -> String {
    let mut page = Page::new(palette);
    if actions.is_empty() {
        page.headline(Tone::Normal, "no corporate actions");
    }
    for action in actions {
        let ActionView {
            date,
            symbol,
            kind,
            terms,
        } = action;
        page.item(Tone::Normal, &format!("{date} {symbol}: {kind} {terms}"));
    }
    page.finish()
}

/// The changes of the actions of a security, as text of at most 80 columns.
pub fn action_history_text(symbol: &str, changes: &[ActionChangeView], palette: Palette) -> String {
    let mut page = Page::new(palette);
    if changes.is_empty() {
        page.headline(
            Tone::Normal,
            &format!("no corporate action of {symbol} was ever changed"),
        );
    }
    for change in changes {
        let what = format!("{}: {}", change.date, change.kind);
        let text = correction_sentence(&what, &change.correction);
        page.item(Tone::Normal, &text);
    }
    page.finish()
}

/// The result of deleting an action, as text of at most 80 columns.
pub fn deleted_action_text(deleted: &DeletedAction, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (action, terms) = (&deleted.action, &deleted.terms);
    let (kind, symbol, day) = (action.kind, &action.symbol, action.day);
    page.headline(
        Tone::Good,
        &format!("{kind} {terms} of {symbol} on {day} deleted"),
    );
    for warning in &deleted.warnings {
        page.item(Tone::Warning, &format!("warning: {warning}"));
    }
    page.sentence(Tone::Normal, &to_do_again(deleted.invalidated_count()));
    page.finish()
}

/// The result of deleting an action, as JSON.
pub fn deleted_action_json(deleted: &DeletedAction) -> Value {
    let warnings = deleted.warnings.iter().map(ToString::to_string);
    json!({
        "symbol": deleted.action.symbol,
        "date": deleted.action.day,
        "kind": deleted.action.kind.name(),
        "deleted": deleted.terms,
        "warnings": warnings.collect::<Vec<_>>(),
        "phases-to-do-again": deleted.invalidated_count(),
    })
}
