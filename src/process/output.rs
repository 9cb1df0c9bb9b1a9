//! Keeps the beginning and the end of what a command writes.

use std::collections::VecDeque;

/// The bytes that are kept of the beginning, and of the end, of an output.
pub(super) const KEPT: usize = 16 * 1024;

/// Returns an output for people: with no control characters but line breaks and tabs, which could
/// move the cursor of a terminal.
pub(crate) fn readable(output: &str) -> String {
    let lines = output.replace("\r\n", "\n").replace('\r', "\n");
    let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let shown = lines.chars().map(|c| if is_shown(c) { c } else { ' ' });
    shown.collect()
}

/// The beginning and the end of an output.
#[derive(Debug, Default)]
pub(super) struct BoundedOutput {
    start: Vec<u8>,
    end: VecDeque<u8>,
    left_out: u64,
}

impl BoundedOutput {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.start.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.start.extend(first);
        self.end.extend(rest);
        let over = self.end.len().saturating_sub(KEPT);
        self.end.drain(..over);
        self.left_out += over as u64;
    }

    pub(super) fn into_text(mut self) -> String {
        let mut text = String::from_utf8_lossy(&self.start).into_owned();
        if self.left_out > 0 {
            text += &format!("\n[… {} bytes left out …]\n", self.left_out);
        }
        text += &String::from_utf8_lossy(self.end.make_contiguous());
        text
    }
}
