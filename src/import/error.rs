//! Why a file is refused as a whole, before any of its rows is looked at.
//!
//! What is wrong with a single row is a [`RowError`](super::RowError), not an error.

use thiserror::Error;

use super::DateOrder;
use super::prices::Shape;

/// A file that can't be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot import `{file}`")]
pub struct ImportError {
    /// The file as it was named.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub refusal: Refusal,
}

impl ImportError {
    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<String> {
        self.refusal.hint()
    }
}

/// What is wrong with a file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// A header with nothing below it.
    #[error("the file has a header and no rows")]
    NoRows,
    /// A format that is recognised, and is not text in UTF-8.
    #[error("the file is {detected}, not text in UTF-8")]
    Encoding {
        /// What it seems to be.
        detected: &'static str,
    },
    /// A byte that is not UTF-8.
    #[error("line {line} is not UTF-8 (byte {byte} of the file)")]
    NotUtf8 {
        /// The line, from 1.
        line: u64,
        /// The byte's offset in the file, from 0.
        byte: usize,
    },
    /// A web page.
    #[error("the file is a web page, not a table: `{start}`")]
    Html {
        /// How it starts.
        start: String,
    },
    /// JSON that is no known message.
    #[error("the file is JSON, not a table: `{start}`")]
    Json {
        /// How it starts.
        start: String,
    },
    /// The source of the file says that too much was asked of it.
    #[error("the file is a quota message, not a table: `{message}`")]
    Quota {
        /// What it says.
        message: String,
    },
    /// The source of the file says that it failed.
    #[error("the file is an error message, not a table: `{message}`")]
    Message {
        /// What it says.
        message: String,
    },
    /// The source of the file says that it has nothing.
    #[error("the file says that there is no data: `{message}`")]
    NoData {
        /// What it says.
        message: String,
    },
    /// The header is none of the shapes in which prices are known to come.
    #[error("the header `{found}` is no known shape of prices")]
    UnknownHeader {
        /// The header as it stands.
        found: String,
    },
    /// A column that this kind of file doesn't have.
    #[error("`{column}` is no column of this kind of file (known: {})", known.join(", "))]
    UnknownColumn {
        /// The column as it is written.
        column: String,
        /// The known column nearest to it.
        nearest: Option<String>,
        /// All columns that are known.
        known: &'static [&'static str],
    },
    /// A column that this kind of file must have.
    #[error("the column `{column}` is missing from the header `{found}`")]
    MissingColumn {
        /// Its name.
        column: &'static str,
        /// The header as it stands.
        found: String,
    },
    /// The same column twice.
    #[error("the column `{column}` is there twice")]
    RepeatedColumn {
        /// Its name.
        column: String,
    },
    /// Dates that could be day/month as well as month/day.
    #[error(
        "the order of day and month cannot be told from `{}` on line {}{}",
        first.1,
        first.0,
        second.as_ref().map_or(String::new(), |(line, text)| format!(" and `{text}` on line {line}"))
    )]
    AmbiguousDates {
        /// Line and text of the first such date.
        first: (u64, String),
        /// Line and text of the next one, if there is one.
        second: Option<(u64, String)>,
    },
    /// Dates that can only be day/month beside dates that can only be month/day.
    #[error(
        "the order of day and month changes: `{}` on line {} is {}, `{}` on line {} is {}",
        dmy.1, dmy.0, DateOrder::Dmy, mdy.1, mdy.0, DateOrder::Mdy
    )]
    MixedDates {
        /// Line and text of a date that can only be day/month.
        dmy: (u64, String),
        /// Line and text of a date that can only be month/day.
        mdy: (u64, String),
    },
    /// Prices of one symbol, and nothing says of which.
    #[error("prices in the shape of {shape} name no symbol, and neither does the file's name")]
    MissingSymbol {
        /// The shape of the file.
        shape: Shape,
    },
}

impl Refusal {
    /// The error it is for this file.
    pub(super) fn for_file(self, file: &str) -> ImportError {
        ImportError {
            file: file.to_owned(),
            refusal: self,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty | Self::NoRows | Self::NoData { .. } => {
                "download the file again, and check the symbol and the dates asked for".to_owned()
            }
            Self::Encoding { .. } | Self::NotUtf8 { .. } => "export it as CSV in UTF-8".to_owned(),
            Self::Html { .. } | Self::Json { .. } | Self::Message { .. } => {
                "open the address in a browser to see what it answers, then download the CSV"
                    .to_owned()
            }
            Self::Quota { .. } => "wait until the quota is renewed, then download again".to_owned(),
            Self::UnknownHeader { .. } => format!("known shapes:\n{}", Shape::catalogue()),
            Self::UnknownColumn { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "remove or rename the column".to_owned(),
            },
            Self::MissingColumn { column, .. } => format!("add a column named `{column}`"),
            Self::RepeatedColumn { .. } => "remove one of the two".to_owned(),
            Self::AmbiguousDates { .. } => {
                "say `--date-order dmy` or `--date-order mdy`, or write dates as YYYY-MM-DD"
                    .to_owned()
            }
            Self::MixedDates { .. } => "write dates as YYYY-MM-DD".to_owned(),
            Self::MissingSymbol { .. } => {
                "say `--symbol SYMBOL`, or name the file after it, such as `AAPL.csv`".to_owned()
            }
        };
        Some(hint)
    }
}
