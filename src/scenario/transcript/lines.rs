//! Collects the lines of a transcript: wrapped, with a column of labels.

use crate::report::wrapped;
use crate::scenario::runner::PlayedStep;

/// The width of the label column.
const LABEL: usize = 13;
/// The width of a line.
pub(super) const WIDTH: usize = 80;

/// The level of detail of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Decisions and results: the content of a golden file.
    Golden,
    /// Also the findings, the log of each planning, and the reason of each cell.
    Reasons,
}

/// The lines written so far, with the last label.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<String>,
    label: String,
}

impl Lines {
    /// Adds a line as it is.
    pub(super) fn line(&mut self, text: &str) {
        self.label.clear();
        self.lines.push(text.trim_end().to_owned());
    }

    /// Adds an empty line, unless the last one is empty or there is none.
    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.line("");
        }
    }

    /// Adds a label with its text, wrapped; a label equal to the previous one is left blank.
    pub(super) fn labelled(&mut self, label: &str, text: &str) {
        let shown = if self.label == label { "" } else { label };
        for (index, line) in wrapped(text, WIDTH - LABEL).iter().enumerate() {
            let shown = if index == 0 { shown } else { "" };
            let line = format!("{shown:LABEL$}{line}");
            self.lines.push(line.trim_end().to_owned());
        }
        label.clone_into(&mut self.label);
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.line(&line);
        }
    }

    /// Adds `2. run of B`, with the time at the right if it changed.
    pub(super) fn step(&mut self, step: &PlayedStep, time: Option<&str>) {
        let lead = format!("{}. ", step.number);
        let indent = lead.chars().count();
        let lines = wrapped(&step.description, WIDTH - indent);
        let last = lines.len() - 1;
        for (index, line) in lines.iter().enumerate() {
            let lead = if index == 0 { lead.as_str() } else { "" };
            let line = format!("{lead:indent$}{line}");
            let time = time.filter(|_| index == last).unwrap_or_default();
            let room = WIDTH.saturating_sub(time.chars().count() + 1);
            // A text too long to share its line with the time gets the time on a line of its own.
            if time.is_empty() || line.chars().count() > room {
                self.line(&line);
                if !time.is_empty() {
                    self.line(&format!("{time:>WIDTH$}"));
                }
            } else {
                self.line(&format!("{line:room$} {time}"));
            }
        }
    }

    pub(super) fn finish(self) -> String {
        let text = self.lines.join("\n");
        format!("{}\n", text.trim_end())
    }
}
