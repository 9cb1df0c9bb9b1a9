//! Explains an error in a scenario or fixture: its line, a mark below the place, and the nearest
//! known name.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::report::join_causes;
use crate::scenario::script::{FixtureError, ScenarioError};
use crate::scenario::suite::CaseError;

/// Returns the text of an error of a scenario file, with its place in the file if it is known.
pub(super) fn explain(error: &CaseError) -> String {
    match error {
        CaseError::Scenario { path, text, source } => explain_scenario(path, text, source),
        other => join_causes(other, "\n  cause: "),
    }
}

/// Explains an error in a scenario. An error in its fixture is shown in the fixture's text.
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

/// Renders a title and the line of `text` that contains `span`, with a mark and `label` below the
/// line. Without a span, renders the title and the path only.
pub(super) fn annotate(
    path: &Path,
    text: &str,
    (title, label): &(String, String),
    span: Option<Range<usize>>,
) -> String {
    let origin = path.display().to_string();
    let title = Level::ERROR.primary_title(title.as_str());
    let Some(span) = span.filter(|span| span.end <= text.len()) else {
        let group = Group::with_title(title);
        let group = group.element(annotate_snippets::Origin::path(origin.as_str()));
        return Renderer::styled().render(&[group]) + "\n";
    };
    let snippet = Snippet::source(text)
        .path(origin.as_str())
        .line_start(1)
        .annotation(AnnotationKind::Primary.span(span).label(label.as_str()));
    Renderer::styled().render(&[title.element(snippet)]) + "\n"
}

/// Returns the message of an error as title, and that of its innermost cause as label. The label is
/// empty if both are equal.
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
