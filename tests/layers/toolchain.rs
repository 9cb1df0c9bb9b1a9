//! Checks that all files name the same version of Rust, and that the dependencies support it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A version of Rust without its patch level: `1.95.0` and `1.95` are equal here.
type Version = (u32, u32);

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// Returns `rust-version` of the manifest.
fn minimum() -> Version {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let text = manifest["package"]["rust-version"].as_str().unwrap();
    version(text).unwrap_or_else(|| panic!("`{text}` in Cargo.toml is not a version"))
}

/// Returns the locked packages that this machine's builds and tests use, with the version that each
/// needs.
fn requirements() -> Vec<(Version, String)> {
    let output = |command: &mut Command| {
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {error}");
        output.stdout
    };
    // Packages of other platforms may not be downloaded, which `--offline` would refuse.
    let about = output(Command::new("rustc").arg("-vV"));
    let about = String::from_utf8(about).unwrap();
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let metadata = output(
        Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["metadata", "--locked", "--offline", "--format-version", "1"])
            .args(["--filter-platform", host.unwrap()]),
    );
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["name"] != env!("CARGO_PKG_NAME"))
        .filter_map(|package| {
            let needed = version(package["rust_version"].as_str()?)?;
            Some((
                needed,
                format!("{} {}", package["name"], package["version"]),
            ))
        })
        .collect()
}

#[test]
fn rust_version_is_enough_for_every_locked_dependency() {
    let requirements = requirements();
    assert!(requirements.len() > 100, "{} found", requirements.len());
    let minimum = minimum();
    let newer: Vec<_> = requirements
        .iter()
        .filter(|(needed, _)| *needed > minimum)
        .map(|((major, minor), package)| format!("{package} needs Rust {major}.{minor}"))
        .collect();
    crate::assert_no_violations("raise `rust-version` in Cargo.toml:", &newer);
}

#[test]
fn every_file_names_the_rust_version_of_the_manifest() {
    let toolchain: toml::Table = read("rust-toolchain.toml").parse().unwrap();
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert_eq!(version(channel), Some(minimum()), "rust-toolchain.toml");

    let dockerfile = read("deploy/compose/Dockerfile");
    let images = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("FROM rust:"));
    let tags: Vec<_> = images
        .map(|image| image.split(['-', ' ']).next().unwrap())
        .collect();
    assert!(
        !tags.is_empty(),
        "the Dockerfile builds from no `rust` image"
    );
    for tag in tags {
        assert_eq!(version(tag), Some(minimum()), "Dockerfile: rust:{tag}");
    }

    let (major, minor) = minimum();
    let named = format!("Rust {major}.{minor}");
    assert!(
        read("README.md").contains(&named),
        "README.md: no `{named}`"
    );
}

#[test]
fn versions_are_read_without_their_patch_level() {
    assert_eq!(version("1.95"), Some((1, 95)));
    assert_eq!(version("1.95.0"), Some((1, 95)));
    assert_eq!(version("stable"), None);
    assert_eq!(version("1"), None);
}
