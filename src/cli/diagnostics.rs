//! A mistake in a file, explained: the line, a caret below the word, and what was probably meant.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::scenario::script::{FixtureError, ScenarioError};
use crate::scenario::suite::CaseError;

/// Why a file can't be played, as people read it.
pub(super) fn explain(error: &CaseError) -> String {
    match error {
        CaseError::Scenario { path, text, source } => explain_scenario(path, text, source),
        other => error_chain(other),
    }
}

/// Why a text is no scenario, with the place where that shows.
pub(super) fn explain_scenario(path: &Path, text: &str, error: &ScenarioError) -> String {
    if let ScenarioError::Fixture {
        source: FixtureError::World { path, source },
        ..
    } = error
        && let Ok(text) = std::fs::read_to_string(path)
    {
        return annotate(path, &text, &title_and_label(source), source.span(&text));
    }
    annotate(path, text, &title_and_label(error), error.span(text))
}

/// A text with a mark below what is wrong in it.
pub(super) fn annotate(
    path: &Path,
    text: &str,
    (title, label): &(String, String),
    at: Option<Range<usize>>,
) -> String {
    let origin = path.display().to_string();
    let title = Level::ERROR.primary_title(title.as_str());
    let Some(at) = at.filter(|at| at.end <= text.len()) else {
        let group = Group::with_title(title);
        let group = group.element(annotate_snippets::Origin::path(origin.as_str()));
        return Renderer::styled().render(&[group]) + "\n";
    };
    let snippet = Snippet::source(text)
        .path(origin.as_str())
        .line_start(1)
        .annotation(AnnotationKind::Primary.span(at).label(label.as_str()));
    Renderer::styled().render(&[title.element(snippet)]) + "\n"
}

/// What is wrong in a sentence, and the innermost cause, which stands beside the mark.
pub(super) fn title_and_label(error: &(dyn Error + 'static)) -> (String, String) {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let label = match cause.downcast_ref::<toml::de::Error>() {
        Some(error) => error
            .message()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => cause.to_string(),
    };
    let title = error.to_string();
    let label = if label == title { String::new() } else { label };
    (title, label)
}

/// An error and its causes, one after the other.
fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text += &format!("\n  cause: {said}");
        }
        cause = error.source();
    }
    text
}
