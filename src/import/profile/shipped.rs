//! Holds the profiles that come with the program and those of a user's folder, and finds the one of
//! a file.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use thiserror::Error;

use super::document::Document;
use super::source_table::{HeaderLine, SourceTable, is_header_of};
use super::spec::{Profile, ProfileError};
use super::translate::{PortfolioNames, Translation, translate};
use crate::domain::nearest;
use crate::import::content;
use crate::import::error::Refusal;
use crate::import::options::ImportOptions;
use crate::import::profile_error::ProfileRefusal;
use crate::import::source_text::to_utf8;

/// The files of the profiles that come with the program.
const SHIPPED: &[&str] = &[
    include_str!("profiles/degiro.toml"),
    include_str!("profiles/fidelity.toml"),
    include_str!("profiles/ghostfolio.toml"),
    include_str!("profiles/ghostfolio-json.toml"),
    include_str!("profiles/interactive-brokers.toml"),
    include_str!("profiles/interactive-brokers-xml.toml"),
    include_str!("profiles/portfolio-performance-de.toml"),
    include_str!("profiles/portfolio-performance-en.toml"),
    include_str!("profiles/schwab.toml"),
    include_str!("profiles/trading212.toml"),
    include_str!("profiles/wealthfolio.toml"),
];

static ALL_SHIPPED: LazyLock<Profiles> = LazyLock::new(|| {
    let profiles = SHIPPED.iter().map(|text| Profile::parse(text));
    let profiles: Result<Vec<Profile>, ProfileError> = profiles.collect();
    Profiles(profiles.expect("a test reads the profiles of the program"))
});

/// The profiles that can read a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles(Vec<Profile>);

/// Error that stops reading a folder of profiles.
#[derive(Debug, Error)]
pub enum ProfilesError {
    /// The folder or a file in it cannot be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// A file is not a profile.
    #[error("invalid profile `{}`", path.display())]
    Profile {
        /// The path of the file.
        path: PathBuf,
        /// The reason for which it is none.
        #[source]
        source: ProfileError,
    },
    /// Two files have profiles of one name.
    #[error("`{}` has the name `{name}` of another profile", path.display())]
    Repeated {
        /// The path of the second file.
        path: PathBuf,
        /// The name that both have.
        name: String,
    },
}

impl Profiles {
    /// Returns the profiles that come with the program.
    pub fn shipped() -> &'static Self {
        &ALL_SHIPPED
    }

    /// Returns these profiles with those in a folder's `*.toml` files. A profile of the folder
    /// replaces the one of its name.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is not a profile, or has the name of another one in the folder.
    pub fn with_folder(&self, folder: &Path) -> Result<Self, ProfilesError> {
        let unreadable = |path: &Path, source| ProfilesError::Read {
            path: path.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let path = entry.map_err(|error| unreadable(folder, error))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut own: Vec<Profile> = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let profile = Profile::parse(&text).map_err(|source| ProfilesError::Profile {
                path: path.clone(),
                source,
            })?;
            if own.iter().any(|other| other.name == profile.name) {
                let name = profile.name;
                return Err(ProfilesError::Repeated { path, name });
            }
            own.push(profile);
        }
        let is_replaced = |profile: &&Profile| own.iter().any(|own| own.name == profile.name);
        let kept = self
            .0
            .iter()
            .filter(|profile| !is_replaced(profile))
            .cloned();
        let mut all: Vec<Profile> = kept.collect();
        all.extend(own);
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self(all))
    }

    /// Returns all profiles, by name.
    pub fn all(&self) -> &[Profile] {
        &self.0
    }

    /// Returns the profile with a name.
    ///
    /// # Errors
    ///
    /// No profile has the name.
    pub fn find(&self, name: &str) -> Result<&Profile, ProfileRefusal> {
        let found = self.0.iter().find(|profile| profile.name == name);
        found.ok_or_else(|| ProfileRefusal::UnknownProfile {
            name: name.to_owned(),
            nearest: nearest(name, self.0.iter().map(|profile| profile.name.as_str())),
            known: self.names(),
        })
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(|profile| profile.name.clone()).collect()
    }

    /// Translates a file by the profile that the options name, or else by the only one that
    /// recognises its header. Returns `None` if none does and `is_own` accepts the header.
    pub(in crate::import) fn translate(
        &self,
        bytes: &[u8],
        options: &ImportOptions,
        portfolios: PortfolioNames<'_>,
        is_own: impl Fn(&[String]) -> bool,
    ) -> Result<Option<Translation>, Refusal> {
        let chosen = options.profile.as_deref().map(|name| self.find(name));
        let chosen = chosen.transpose()?;
        let candidates = chosen.map_or(self.0.as_slice(), std::slice::from_ref);
        let (documents, mut candidates) = candidates
            .iter()
            .partition::<Vec<&Profile>, _>(|profile| profile.is_of_documents());
        let translated = |profile: &Profile, source: &SourceTable| {
            if options.date_order.is_some() {
                let profile = profile.name.clone();
                return Err(ProfileRefusal::DateOrder { profile }.into());
            }
            translate(source, profile, portfolios, options.decimal_mark).map(Some)
        };
        let encoding = candidates.iter().find_map(|profile| profile.file.encoding);
        if let Ok(text) = content::utf8(bytes)
            && let Some(document) = Document::parse(text, &documents)
        {
            let tables = documents.into_iter();
            let tables: Vec<_> = tables
                .filter_map(|profile| Some((profile, document.table(profile)?)))
                .collect();
            if let Some(profile) = only(tables.iter().map(|(profile, _)| *profile))?
                && let Some((_, table)) = tables.into_iter().next()
            {
                let source = SourceTable::new(&table.header, table.records, profile)?;
                return translated(profile, &source);
            }
        }
        let (converted, not_utf8) = match content::decode(bytes) {
            Err(refusal @ Refusal::NotUtf8 { .. }) if encoding.is_some() => {
                candidates.retain(|profile| profile.file.encoding == encoding);
                (to_utf8(bytes, encoding)?, Some(refusal))
            }
            _ => (Cow::Borrowed(bytes), None),
        };
        let text = content::decode(&converted)?;
        let header = HeaderLine::find(text, |fields| {
            let mut all = candidates.iter();
            all.any(|profile| is_header_of(profile, fields))
        })?;
        let Some(header) = header else {
            if let Some(refusal) = not_utf8 {
                return Err(refusal);
            }
            if let Some(profile) = chosen {
                return Err(ProfileRefusal::NoHeader {
                    profile: profile.name.clone(),
                    header: profile.file.header.clone(),
                }
                .into());
            }
            return match HeaderLine::find(text, is_own)? {
                Some(_) => Ok(None),
                None => self.unknown_header(text),
            };
        };
        candidates.retain(|profile| is_header_of(profile, &header.fields));
        let Some(profile) = only(candidates.into_iter())? else {
            return Ok(None);
        };
        translated(profile, &SourceTable::split(&header, profile)?)
    }

    /// Refuses a table whose header is unknown. A text that is not a table is left to the reader of
    /// transactions, which tells messages and pages apart.
    fn unknown_header(&self, text: &str) -> Result<Option<Translation>, Refusal> {
        let is_table = |fields: &[String]| fields.len() >= 3;
        match HeaderLine::find(text, is_table)? {
            Some(header) => Err(ProfileRefusal::NoProfile {
                found: header.fields.join(","),
                known: self.names(),
            }
            .into()),
            None => Ok(None),
        }
    }
}

/// Returns the only profile, if there is one; refuses several.
fn only<'p>(profiles: impl Iterator<Item = &'p Profile>) -> Result<Option<&'p Profile>, Refusal> {
    let profiles: Vec<&Profile> = profiles.collect();
    match profiles.as_slice() {
        [] => Ok(None),
        [profile] => Ok(Some(profile)),
        several => {
            let names = several.iter().map(|profile| profile.name.clone());
            let names = names.collect();
            Err(ProfileRefusal::SeveralProfiles { names }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_profiles_of_the_program_are_valid() {
        let mut names = Profiles::shipped().names();
        let count = names.len();
        assert_eq!(count, SHIPPED.len());
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "two profiles have one name");
    }
}
