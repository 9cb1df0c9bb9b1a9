//! Defines the refusals of a file, and of a row, that come from reading it by a profile.

use std::fmt;

use thiserror::Error;

/// Reason for refusing a file that is, or should be, read by a profile.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileRefusal {
    /// The header is that of no profile, and not that of Plimsoll's own files.
    #[error("no profile has the header `{found}`")]
    NoProfile {
        /// The header as it is in the file.
        found: String,
        /// The names of the profiles.
        known: Vec<String>,
    },
    /// The file has no header with known words.
    #[error("no line of the file looks like the header of a list of transactions")]
    NoProposal,
    /// A profile cannot have this name.
    #[error("invalid name `{name}` of a profile")]
    Name {
        /// The name as the user wrote it.
        name: String,
    },
    /// Several profiles recognise the header.
    #[error("several profiles have the header of this file: {}", names.join(", "))]
    SeveralProfiles {
        /// The names of these profiles.
        names: Vec<String>,
    },
    /// No profile has the name that the user gave.
    #[error("no profile has the name `{name}` (known: {})", known.join(", "))]
    UnknownProfile {
        /// The name as the user wrote it.
        name: String,
        /// The most similar known name, if one is similar enough.
        nearest: Option<String>,
        /// The names of the profiles.
        known: Vec<String>,
    },
    /// A column of the header of the profile is in none of the first lines of the file.
    #[error("no line has the header of profile `{profile}`: {}", header.join(", "))]
    NoHeader {
        /// The name of the profile.
        profile: String,
        /// The columns that its files have.
        header: Vec<String>,
    },
    /// The file has a column that the profile neither maps nor ignores.
    #[error("profile `{profile}` does not know the column `{column}`")]
    UnknownColumn {
        /// The name of the profile.
        profile: String,
        /// The column as it is written in the header.
        column: String,
        /// The most similar column that the profile knows, if one is similar enough.
        nearest: Option<String>,
    },
    /// Neither the profile nor the user names the portfolio of the rows.
    #[error("the file does not name a portfolio")]
    NoPortfolio,
    /// The user gives one portfolio, but the rows name several.
    #[error("the file has several portfolios ({}), which cannot all be `{portfolio}`", names.join(", "))]
    SeveralPortfolios {
        /// The portfolio that the user gives.
        portfolio: String,
        /// The portfolios that the rows name.
        names: Vec<String>,
    },
    /// The user gives a portfolio or a profile for a file that needs none.
    #[error("the file has the columns of Plimsoll, so `{option}` would not be used")]
    NotForeign {
        /// The option as the user writes it.
        option: &'static str,
    },
    /// An unknown security or portfolio cannot be created from what the file says.
    #[error("cannot create {proposed} of line {line}: {problem}")]
    Proposal {
        /// The security or portfolio.
        proposed: Proposed,
        /// The first line that names it.
        line: u64,
        /// The reason for which it cannot be created.
        problem: String,
    },
    /// An option has no effect on a file that a profile reads.
    #[error("profile `{profile}` has the format of dates, so `--date-order` would not be used")]
    DateOrder {
        /// The name of the profile.
        profile: String,
    },
}

impl ProfileRefusal {
    /// Returns the next step for the user.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::NoProfile { known, .. } => format!(
                "profiles: {}; `plimsoll import profile new FILE` proposes another one",
                known.join(", ")
            ),
            Self::NoProposal => {
                "export the transactions as CSV; docs/import-your-data.md describes profiles, those of JSON and XML included"
                    .to_owned()
            }
            Self::Name { .. } => "use small letters, digits and hyphens".to_owned(),
            Self::SeveralProfiles { .. } => "choose one with `--profile NAME`".to_owned(),
            Self::UnknownProfile { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "leave out `--profile` to recognise the file by its header".to_owned(),
            },
            Self::NoHeader { .. } => {
                "leave out `--profile`, or check that the file is a whole export".to_owned()
            }
            Self::UnknownColumn { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "copy the profile, and map the column or list it under `ignored`: docs/import-your-data.md"
                    .to_owned(),
            },
            Self::NoPortfolio => "add `--portfolio NAME`".to_owned(),
            Self::SeveralPortfolios { .. } => {
                "leave out `--portfolio`, and import portfolios with these names".to_owned()
            }
            Self::NotForeign { option } => format!("leave out `{option}`"),
            Self::Proposal {
                proposed: Proposed::Security(_),
                ..
            } => "import it first: `plimsoll import securities FILE`".to_owned(),
            Self::Proposal {
                proposed: Proposed::Portfolio(_),
                ..
            } => "add `--currency CODE`, or import it first: `plimsoll import portfolios FILE`".to_owned(),
            Self::DateOrder { .. } => "leave out `--date-order`".to_owned(),
        }
    }
}

/// A security or portfolio that would be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposed {
    /// The security with this symbol.
    Security(String),
    /// The portfolio with this name.
    Portfolio(String),
}

impl fmt::Display for Proposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Security(symbol) => write!(f, "the security `{symbol}`"),
            Self::Portfolio(name) => write!(f, "the portfolio `{name}`"),
        }
    }
}

/// Reason for refusing a row that a profile translates.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileRowError {
    /// No rule of the profile fits the row.
    #[error("profile `{profile}` has no rule for {}", values.join(", "))]
    NoRule {
        /// The name of the profile.
        profile: String,
        /// The columns that rules look at, each with its value.
        values: Vec<String>,
    },
    /// The profile lists the values of the column, and this is none of them.
    #[error("unknown value `{value}` (profile `{profile}` knows {})", known.join(", "))]
    UnknownValue {
        /// The name of the profile.
        profile: String,
        /// The value of the field.
        value: String,
        /// The values that the profile lists.
        known: Vec<String>,
    },
    /// Other rules read a number from the column, and the rule of this row does not.
    #[error("the rule of profile `{profile}` for this row does not read `{value}`")]
    Unread {
        /// The name of the profile.
        profile: String,
        /// The value of the field.
        value: String,
    },
    /// Columns differ whose values must be the same.
    #[error("`{column}` is `{value}`, but `{other}` is `{other_value}`")]
    Different {
        /// The first column that is filled.
        column: String,
        /// The value of that column.
        value: String,
        /// The column with another value.
        other: String,
        /// The value of the other column.
        other_value: String,
    },
    /// The date is in none of the formats of the profile.
    #[error("`{text}` is not in the date format {}", formats.join(" or "))]
    Date {
        /// The text of the field.
        text: String,
        /// The formats of the profile.
        formats: Vec<String>,
    },
}

impl ProfileRowError {
    /// Returns the next step for the user.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::NoRule { .. } | Self::UnknownValue { .. } => {
                "copy the profile and add it: docs/import-your-data.md".to_owned()
            }
            Self::Unread { .. } => {
                "copy the profile, and read the column or list it under `informative`: docs/import-your-data.md"
                    .to_owned()
            }
            Self::Different { .. } => {
                "book the row by hand: the profile adds numbers of these columns".to_owned()
            }
            Self::Date { .. } => "correct the date, or the formats of the profile".to_owned(),
        }
    }
}
