//! Builds a report line by line: headlines, labelled facts, items, tables and commands. Text is
//! wrapped so that no line is wider than the page.

use super::fit::{NBSP, PAGE_WIDTH, pad, replace_control_chars, width, wrap_text};
use super::number::count;
use super::palette::{Palette, Tone};
use super::table::Table;

/// Column at which the values of facts begin.
const LABEL_WIDTH: usize = 13;

/// The lines of a report so far.
#[derive(Debug)]
pub(super) struct Page {
    palette: Palette,
    lines: Vec<String>,
}

impl Page {
    /// Starts an empty page.
    pub(super) const fn new(palette: Palette) -> Self {
        Self {
            palette,
            lines: Vec::new(),
        }
    }

    /// Adds the result of the report in one sentence.
    pub(super) fn headline(&mut self, tone: Tone, text: &str) {
        self.push_wrapped(0, 2, tone, text);
    }

    /// Adds the heading of a section, with an empty line above.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank_line();
        self.push_wrapped(0, 2, Tone::Strong, text);
    }

    /// Adds a label and its value.
    pub(super) fn fact(&mut self, label: &str, value: &str) {
        self.toned_fact(label, Tone::Normal, value);
    }

    /// Adds a label and its value in the given tone.
    pub(super) fn toned_fact(&mut self, label: &str, tone: Tone, value: &str) {
        for (nth, line) in wrap_text(value, PAGE_WIDTH - LABEL_WIDTH)
            .iter()
            .enumerate()
        {
            let label = if nth == 0 { label } else { "" };
            let label = self.palette.paint(Tone::Dim, &pad(label, LABEL_WIDTH));
            let value = self.palette.paint(tone, line);
            self.lines.push(format!("{label}{value}"));
        }
    }

    /// Adds a sentence without indent.
    pub(super) fn sentence(&mut self, tone: Tone, text: &str) {
        self.push_wrapped(0, 0, tone, text);
    }

    /// Adds an indented item of a list. Lines after the first are indented further.
    pub(super) fn item(&mut self, tone: Tone, text: &str) {
        self.push_wrapped(2, 4, tone, text);
    }

    /// Adds a detail below an item.
    pub(super) fn detail(&mut self, text: &str) {
        self.push_wrapped(6, 6, Tone::Normal, text);
    }

    /// Adds lines unchanged. The caller keeps them within the page width.
    pub(super) fn push_lines(&mut self, lines: impl IntoIterator<Item = String>) {
        self.lines.extend(lines);
    }

    /// Adds the number of items of a list that are left out: those after the first `shown` of
    /// `total`. Adds nothing if there are none.
    pub(super) fn omitted(&mut self, total: usize, shown: usize) {
        if total > shown {
            let more = count((total - shown) as u64);
            self.item(Tone::Dim, &format!("and {more} more"));
        }
    }

    /// Adds a table with an empty line above; nothing where it has no rows.
    pub(super) fn table(&mut self, table: &Table) {
        if !table.is_empty() {
            self.blank_line();
            self.lines.extend(table.lines(self.palette));
        }
    }

    /// Adds a shell command. A long one is continued with backslashes, so that it can be copied.
    pub(super) fn command(&mut self, command: &str) {
        let mut line = String::from(" ");
        for word in shell_words(&replace_control_chars(command)) {
            if width(&line) + 1 + width(&word) + 2 > PAGE_WIDTH && !line.trim().is_empty() {
                self.lines.push(format!("{line} \\"));
                line = String::from("   ");
            }
            line = format!("{line} {word}");
        }
        self.lines.push(line);
    }

    /// Adds an empty line, unless the page is empty or ends with one.
    pub(super) fn blank_line(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// Returns the palette of the page.
    pub(super) const fn palette(&self) -> Palette {
        self.palette
    }

    /// Returns the text. It ends with one line break.
    pub(super) fn finish(self) -> String {
        let lines = self.lines.iter().map(|line| line.trim_end());
        let text = lines.collect::<Vec<_>>().join("\n");
        format!("{}\n", text.trim_end().replace(NBSP, " "))
    }

    fn push_wrapped(&mut self, first: usize, rest: usize, tone: Tone, text: &str) {
        let deepest = first.max(rest);
        for (nth, line) in wrap_text(text, PAGE_WIDTH - deepest).iter().enumerate() {
            let indent = if nth == 0 { first } else { rest };
            let line = self.palette.paint(tone, line);
            self.lines.push(format!("{:indent$}{line}", ""));
        }
    }
}

/// Splits a command into words. Quoted text is kept together.
fn shell_words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in command.chars() {
        match (quote, c) {
            (None, ' ') => words.push(String::new()),
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        if quote.is_some() || c != ' ' {
            words.last_mut().expect("there is always one word").push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_aligned_and_wrapped_under_their_value() {
        let mut page = Page::new(Palette::Plain);
        page.headline(Tone::Good, "done");
        page.heading("request");
        page.fact("scope", &"portfolio ".repeat(9));
        page.blank_line();
        page.blank_line();
        page.item(Tone::Normal, "an item");
        insta::assert_snapshot!(page.finish(), @r"
        done

        request
        scope        portfolio portfolio portfolio portfolio portfolio portfolio
                     portfolio portfolio portfolio

          an item
        ");
    }

    #[test]
    fn long_command_is_continued_with_backslash() {
        let mut page = Page::new(Palette::Plain);
        page.command("plimsoll run --portfolio 'Growth and income, the second' --policy min-of-max --plan 0123456789abcdef");
        insta::assert_snapshot!(page.finish(), @r"
        plimsoll run --portfolio 'Growth and income, the second' --policy min-of-max \
          --plan 0123456789abcdef
        ");
    }
}
