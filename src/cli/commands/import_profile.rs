//! `plimsoll import profile list|show|new|test`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::input::{input_name, read_input};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::import::apply::ApplyError;
use crate::import::profile::propose_profile;
use crate::import::{Encoding, ImportError, ImportOptions, PreviewResult, Refusal, preview_export};
use crate::report::{self, Palette};

/// Lists and shows the profiles that read exports of other programs, proposes one, or shows what a
/// file would become.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll import profile list
  plimsoll import profile show schwab
  plimsoll import profile new export.csv --name my-broker > profiles/my-broker.toml
  plimsoll import profile test export.csv --portfolio Alpha

docs/import-your-data.md describes profiles.")]
pub(crate) struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles of the program, and those of the configured folder
    List,
    /// Print the file of a profile
    Show {
        /// Name of the profile
        name: String,
    },
    /// Print a profile for a file, to be completed by hand
    New {
        /// Export of another program
        file: PathBuf,
        /// Name of the profile
        #[arg(long, value_name = "NAME", default_value = "my-broker")]
        name: String,
    },
    /// Show what each row of a file would become; no database is needed or changed
    Test {
        /// Export of another program
        file: PathBuf,
        /// Portfolio of all rows of an export that does not name it
        #[arg(long, value_name = "NAME")]
        portfolio: Option<String>,
        /// Profile that reads the file; by default, the one that has its header
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Encoding of a file that is not UTF-8: windows-1252
        #[arg(long, value_name = "ENCODING")]
        encoding: Option<Encoding>,
    },
}

pub(super) fn execute(context: &Context, args: &ProfileArgs) -> Result<Exit, CliError> {
    let profiles = context.configuration.profiles()?;
    match &args.command {
        ProfileCommand::List => {
            let json = report::profiles_json(profiles.all());
            context.show(&json, || {
                report::profiles_text(profiles.all(), Palette::Colour)
            })?;
        }
        ProfileCommand::Show { name } => {
            let found = profiles
                .find(name)
                .map_err(|refusal| refused(name, refusal.into()))?;
            let json = json!({ "name": found.name, "title": found.title, "file": found.text() });
            context.show(&json, || found.text().to_owned())?;
        }
        ProfileCommand::New { file, name } => {
            let proposed = propose_profile(name, &read_input(file)?);
            let text = proposed.map_err(|refusal| refused(&input_name(file), refusal))?;
            context.show(&json!({ "name": name, "file": text }), || text.clone())?;
        }
        ProfileCommand::Test {
            file,
            portfolio,
            profile,
            encoding,
        } => {
            let options = ImportOptions {
                encoding: *encoding,
                portfolio: portfolio.clone(),
                profile: profile.clone(),
                ..ImportOptions::default()
            };
            let preview =
                preview_export(&profiles, &input_name(file), &read_input(file)?, &options);
            let preview = preview.map_err(ApplyError::Import)?;
            context.show(&report::preview_json(&preview), || {
                report::preview_text(&preview, Palette::Colour)
            })?;
            let is_invalid = |result: &PreviewResult| matches!(result, PreviewResult::Invalid(_));
            if preview.rows.iter().any(|row| is_invalid(&row.result)) {
                return Ok(Exit::Incomplete);
            }
        }
    }
    Ok(Exit::Complete)
}

fn refused(file: &str, refusal: Refusal) -> CliError {
    CliError::Import(ApplyError::Import(ImportError {
        file: file.to_owned(),
        refusal,
    }))
}
