//! `plimsoll job new`.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use crate::cli::output::print;
use crate::cli::{error::CliError, exit::Exit};
use crate::durable;

/// The job file that is written, with every common key and a comment on each.
const COMMENTED: &str = include_str!("new.toml");

/// Writes a commented job file to start from.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll job new job.toml
  plimsoll job new job.toml --map map.toml      with the map of a capture

A file map.toml beside it is taken as the map.")]
pub(super) struct NewArgs {
    /// Job file to write, which must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Map of a capture that names the tables of the job
    #[arg(long, value_name = "MAP")]
    map: Option<PathBuf>,
}

pub(super) fn execute(args: &NewArgs) -> Result<Exit, CliError> {
    let path = &args.file;
    let file = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::File { path, source }
    };
    // A map that lies beside the file is the one of its job.
    let beside = durable::folder_of(path).join("map.toml");
    let map = args
        .map
        .clone()
        .or_else(|| beside.is_file().then_some(beside));
    if let Some(map) = &map {
        std::fs::read(map).map_err(file(map))?;
    }
    if let Some(folder) = path.parent() {
        durable::create_folders(folder).map_err(file(path))?;
    }
    let text = match &map {
        None => COMMENTED.to_owned(),
        Some(map) => with_map_file(COMMENTED, &seen_from(path, map).map_err(file(map))?),
    };
    let path_text = path.display().to_string();
    let text = text.replacen("job check job.toml", &format!("job check {path_text}"), 1);
    durable::create(path, text.as_bytes()).map_err(file(path))?;
    let path = path.display();
    print(&format!(
        "{path} is written. Fill in the database, the map and the commands, then:\n\n  \
           plimsoll job check {path}"
    ))?;
    Ok(Exit::Complete)
}

/// Returns the path of a file as seen from the folder of another. Both folders exist.
fn seen_from(path: &Path, file: &Path) -> std::io::Result<PathBuf> {
    // Links are followed first: `..` does not lead back through one.
    let folder = std::fs::canonicalize(durable::folder_of(path))?;
    let name = file.file_name().unwrap_or_default();
    let file = std::fs::canonicalize(durable::folder_of(file))?.join(name);
    let pairs = folder.components().zip(file.components());
    let common = pairs.take_while(|(a, b)| a == b).count();
    let up = folder
        .components()
        .skip(common)
        .map(|_| Component::ParentDir);
    Ok(up.chain(file.components().skip(common)).collect())
}

/// Replaces the tables of the map by the name of a file, as seen from the job file.
fn with_map_file(text: &str, map: &Path) -> String {
    let name = toml::Value::String(map.display().to_string());
    let mut kept = String::new();
    let mut is_in_map = false;
    for line in text.lines() {
        if line.starts_with('[') {
            is_in_map = line.starts_with("[map");
        }
        if !is_in_map {
            kept += line;
            kept.push('\n');
        }
    }
    format!("map-file = {name}\n{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_named_as_the_job_file_sees_it() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["jobs/a", "jobs/b", "real/deep"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let link = root.path().join("link");
        std::os::unix::fs::symlink(root.path().join("real/deep"), link).unwrap();
        let seen = |path: &str, file: &str| {
            let seen = seen_from(&root.path().join(path), &root.path().join(file)).unwrap();
            seen.display().to_string()
        };
        assert_eq!(seen("jobs/job.toml", "jobs/map.toml"), "map.toml");
        assert_eq!(seen("jobs/a/job.toml", "jobs/b/map.toml"), "../b/map.toml");
        assert_eq!(
            seen("link/job.toml", "jobs/map.toml"),
            "../../jobs/map.toml"
        );
    }

    #[test]
    fn a_map_file_replaces_the_tables_of_the_map() {
        let text = with_map_file(COMMENTED, Path::new("/maps/map.toml"));
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["map-file"].as_str(), Some("/maps/map.toml"));
        assert!(!table.contains_key("map"));
        assert!(table.contains_key("commands"));
    }
}
