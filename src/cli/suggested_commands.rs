//! Parses every command that a text of the program or a page of the documentation suggests, so that
//! none is one that the command line refuses.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::args::Arguments;
use crate::domain::{Day, RunId};
use crate::query::NextCommand;

/// A command that a text suggests, with the words that the shell would pass on.
#[derive(Debug)]
struct Suggestion {
    place: String,
    line: String,
}

/// The place of a suggested command.
#[derive(Clone, Copy)]
enum Context {
    /// A line to type.
    Shell,
    /// A text of the program.
    Program,
    /// The running text of a page.
    Page,
}

/// Values for the placeholders of suggested commands that are not free text.
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("DAY", "2026-01-08"),
    ("FROM", "2026-01-08"),
    ("TO", "2026-01-08"),
    ("N", "2"),
    ("DAYS", "2"),
    ("CELLS", "2"),
    ("YEAR", "2026"),
    ("COMMAND", "run"),
    ("CONDITION", "policies-differ"),
    ("{kind}", "prices"),
    ("{day}", "2026-01-08"),
    ("{from}", "2026-01-08"),
    ("{to}", "2026-01-08"),
];

impl Suggestion {
    /// Returns the error of the command line, if it refuses the command.
    fn refusal(&self, context: Context) -> Option<String> {
        let words = words(&self.line);
        let error = Arguments::try_parse_from(&words).err()?;
        let lacks_arguments = matches!(
            error.kind(),
            ErrorKind::MissingRequiredArgument
                | ErrorKind::MissingSubcommand
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        );
        let may_lack_arguments = match context {
            Context::Shell => false,
            // A command may be named without any of its arguments.
            Context::Program => !words.iter().any(|word| is_value(word)),
            Context::Page => true,
        };
        let is_help = matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        );
        if is_help || (may_lack_arguments && lacks_arguments) {
            return None;
        }
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default();
        Some(format!("{}: {}: {first}", self.place, self.line))
    }
}

/// Returns whether a word is a placeholder or an option, and not the name of a command.
fn is_value(word: &str) -> bool {
    word.starts_with('-')
        || word
            .chars()
            .any(|char| !char.is_ascii_lowercase() && char != '-')
}

/// Splits a line as a shell does, and fills in its placeholders.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(char),
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    // What follows belongs to the shell.
    let end = |word: &String| matches!(word.as_str(), "|" | "||" | "&&" | ">" | ">>" | "#" | "&");
    let length = words.iter().position(end).unwrap_or(words.len());
    words.truncate(length);
    for word in &mut words {
        let known = PLACEHOLDERS.iter().find(|(name, _)| name == word);
        if let Some((_, value)) = known {
            (*value).clone_into(word);
        } else if word.starts_with('{') && word.ends_with('}') {
            "x".clone_into(word);
        }
    }
    words
}

/// Returns the files below a folder of the repository with this extension.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> (String, String) {
    let place = path.strip_prefix(root()).unwrap().display().to_string();
    (place, std::fs::read_to_string(path).unwrap())
}

fn suggestion(place: &str, line: &str) -> Suggestion {
    Suggestion {
        place: place.to_owned(),
        line: line.trim().to_owned(),
    }
}

/// Returns the commands between two delimiters.
fn delimited(place: &str, text: &str, (open, close): (&str, &str)) -> Vec<Suggestion> {
    let starts = text
        .match_indices(open)
        .map(|(at, _)| &text[at + open.len()..]);
    let commands = starts.filter(|rest| rest.starts_with("plimsoll "));
    commands
        .filter_map(|rest| Some(suggestion(place, &rest[..rest.find(close)?])))
        .collect()
}

/// Returns the commands in the string literals of a source file: those in backticks, and the lines
/// of examples, whose remark begins after two spaces.
fn of_source(place: &str, text: &str) -> Vec<Suggestion> {
    let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
    let code: Vec<&str> = (text[..tests].lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n").replace("\\\"", "'").replace("\\\\", "\\");
    // A continued line of a literal, and a continued line of a shell.
    let code = continued(&continued(&code));
    let mut found = delimited(place, &code, ("`", "`"));
    let starts = ["  plimsoll ", "Example: plimsoll ", "\"plimsoll "];
    for line in code.lines() {
        let command = starts
            .iter()
            .filter_map(|start| Some((line.find(start)?, start.len())));
        let Some(at) = command
            .map(|(at, length)| at + length - "plimsoll ".len())
            .min()
        else {
            continue;
        };
        let rest = &line[at..];
        let ends = ["\"", "\\n", "  ", ";"]
            .iter()
            .filter_map(|end| rest.find(end));
        let end = ends.min().unwrap_or(rest.len());
        // The text of `--version` is no command.
        let is_command = !rest.starts_with("plimsoll {");
        found.extend(is_command.then(|| suggestion(place, &rest[..end])));
    }
    found
}

/// Joins lines that end with a backslash to the next.
fn continued(text: &str) -> String {
    let mut joined = String::new();
    let mut is_continued = false;
    for line in text.split_inclusive('\n') {
        let line = if is_continued {
            line.trim_start()
        } else {
            line
        };
        is_continued = line.ends_with("\\\n");
        joined += line.strip_suffix("\\\n").unwrap_or(line);
    }
    joined
}

/// Returns the commands in the shell blocks of a page.
fn of_blocks(place: &str, page: &str) -> Vec<Suggestion> {
    let mut found = Vec::new();
    let mut is_shell = false;
    for line in continued(page).lines() {
        match line.strip_prefix("```") {
            Some(language) => is_shell = !is_shell && matches!(language, "sh" | "bash" | "console"),
            None if is_shell => {
                let line = line.trim_start_matches("$ ");
                found.extend(
                    line.starts_with("plimsoll ")
                        .then(|| suggestion(place, line)),
                );
            }
            None => {}
        }
    }
    found
}

fn refusals(suggestions: &[Suggestion], context: Context) -> String {
    let refusals = suggestions
        .iter()
        .filter_map(|found| found.refusal(context));
    refusals.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_command_line_accepts_every_command_that_the_program_suggests() {
    let mut found = Vec::new();
    for path in files("src", "rs") {
        let (place, text) = read(&path);
        found.extend(of_source(&place, &text));
    }
    for path in files("src", "html") {
        let (place, text) = read(&path);
        found.extend(delimited(&place, &text, ("<code>", "</code>")));
    }
    assert!(found.len() > 150, "{} commands", found.len());
    let refused = refusals(&found, Context::Program);
    assert!(refused.is_empty(), "{refused}");
}

#[test]
fn the_command_line_accepts_every_command_of_the_pages() {
    let mut pages = files("docs", "md");
    pages.extend([root().join("README.md"), root().join("CHANGELOG.md")]);
    let (mut blocks, mut named) = (Vec::new(), Vec::new());
    for path in pages {
        let (place, text) = read(&path);
        blocks.extend(of_blocks(&place, &text));
        let text = text.replace('\n', " ");
        named.extend(delimited(&place, &text, ("`", "`")));
    }
    assert!(blocks.len() > 40, "{} commands", blocks.len());
    let refused = [
        refusals(&blocks, Context::Shell),
        refusals(&named, Context::Page),
    ]
    .concat();
    assert!(refused.is_empty(), "{refused}");
}

#[test]
fn the_command_line_accepts_every_next_command_for_any_name() {
    let day: Day = "2026-01-08".parse().unwrap();
    for name in ["Alpha", "O'Hara & Sons", "-p", "--all", "", "a b", "$HOME"] {
        let name = || name.to_owned();
        let commands = [
            NextCommand::Run,
            NextCommand::ImportPrices,
            NextCommand::ImportRates,
            NextCommand::ImportSecurities,
            NextCommand::ImportPortfolios,
            NextCommand::ListPortfolios,
            NextCommand::TransactionHistory(name()),
            NextCommand::CorrectTransactions,
            NextCommand::ListActions,
            NextCommand::CorrectActions,
            NextCommand::ShowRun(RunId::new(uuid::Uuid::nil())),
            NextCommand::AcceptPrices(day),
            NextCommand::Verify,
            NextCommand::Repair,
            NextCommand::AcceptChanges,
            NextCommand::Restore,
            NextCommand::Retry(name()),
            NextCommand::Status(name()),
            NextCommand::Show(name()),
            NextCommand::Explain(name(), day),
        ];
        let lines = commands.map(|command| suggestion("next", &command.to_string()));
        let refused = refusals(&lines, Context::Shell);
        assert!(refused.is_empty(), "{refused}");
    }
}

#[test]
fn every_option_that_the_program_names_exists() {
    // The last one is an option of cargo.
    let mut known = ["help", "version", "features"].map(str::to_owned).to_vec();
    let mut commands = vec![Arguments::command()];
    while let Some(command) = commands.pop() {
        known.extend(
            command
                .get_arguments()
                .filter_map(|arg| arg.get_long().map(str::to_owned)),
        );
        let aliases = command
            .get_arguments()
            .filter_map(clap::Arg::get_all_aliases);
        known.extend(aliases.flatten().map(str::to_owned));
        commands.extend(command.get_subcommands().cloned());
    }
    let mut unknown = Vec::new();
    for folder in [
        "src/cli",
        "src/import",
        "src/query",
        "src/report",
        "src/app",
        "src/notify",
    ] {
        for path in files(folder, "rs") {
            let (place, text) = read(&path);
            let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
            let lines = text[..tests]
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            for option in lines.flat_map(|line| line.split("--").skip(1)) {
                let end = option.find(|char: char| !char.is_ascii_lowercase() && char != '-');
                let option = option[..end.unwrap_or(option.len())].trim_end_matches('-');
                if !option.is_empty() && !known.iter().any(|known| known == option) {
                    unknown.push(format!("{place}: --{option}"));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}
