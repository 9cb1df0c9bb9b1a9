//! `plimsoll scenario check`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::old_names::warn_about_old_names;
use crate::cli::diagnostics::{annotate, explain, title_and_label};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::count_with_noun;
use crate::scenario::suite::{Case, find_scenarios};
use crate::scenario::world::World;

/// Reads scenarios and fixtures and explains their errors: the line, the place in it, and the
/// nearest known name. It runs nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario check scenarios           every file of a folder
  plimsoll scenario check fixtures/mine.toml  a shared world")]
pub(super) struct CheckArgs {
    /// Files, or folders of files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let found = find_scenarios(&args.paths)?;
    warn_about_old_names(&found);
    let checked = found
        .iter()
        .map(|file| (&file.path, explain_file(&file.path)));
    let checked: Vec<(&PathBuf, Option<String>)> = checked.collect();
    let invalid = checked.iter().filter(|(_, error)| error.is_some()).count();
    match context.format() {
        Format::Json => {
            let files = checked.iter().map(|(path, error)| {
                let plain = error
                    .as_deref()
                    .map(|text| anstream::adapter::strip_str(text).to_string());
                json!({ "path": path, "mistake": plain })
            });
            print_json(&json!({ "files": files.collect::<Vec<_>>() }))?;
        }
        Format::Text => {
            for error in checked.iter().filter_map(|(_, error)| error.as_ref()) {
                print(error)?;
            }
            let files = count_with_noun(checked.len() as u64, "file");
            print(&match invalid {
                0 => format!("{files} checked, no errors"),
                invalid => format!("{invalid} of {files} invalid"),
            })?;
        }
    }
    Ok(Exit::complete_if(invalid == 0))
}

/// Returns the explanation of a file's error, if it has one. A file in a folder `fixtures` is read
/// as a world, any other as a scenario.
fn explain_file(path: &Path) -> Option<String> {
    let folder = path.parent().and_then(Path::file_name);
    if folder.is_some_and(|name| name == "fixtures") {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return Some(format!("`{}`: {error}", path.display())),
        };
        let error = World::read(&text).err()?;
        return Some(annotate(
            path,
            &text,
            &title_and_label(&error),
            error.span(&text),
        ));
    }
    Case::read(path).err().map(|error| explain(&error))
}
