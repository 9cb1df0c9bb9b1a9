//! Errors that refuse a whole file before its rows are validated.
//!
//! A problem with a single row is a [`RowError`](super::RowError) in its verdict, not an error
//! here.

use thiserror::Error;

use super::options::{DateOrder, Encoding};
use super::profile_error::ProfileRefusal;

/// Refusal of one file, with the file's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot import `{file}`")]
pub struct ImportError {
    /// The name under which the file was given.
    pub file: String,
    /// The reason, shown as the error's cause.
    #[source]
    pub refusal: Refusal,
}

impl ImportError {
    /// Returns the next step for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        self.refusal.hint()
    }
}

/// Reason for refusing a whole file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The file has no bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// The file has a header and nothing below it.
    #[error("the file has a header and no rows")]
    NoRows,
    /// The format is recognised and is not UTF-8 text.
    #[error("the file is {detected}, not text in UTF-8")]
    Encoding {
        /// The detected format, as a noun phrase for messages.
        detected: &'static str,
    },
    /// A byte sequence is not valid UTF-8.
    #[error("line {line} is not UTF-8 (byte {byte} of the file)")]
    NotUtf8 {
        /// The line that holds the byte, from 1.
        line: u64,
        /// The byte's offset in the file, from 0.
        byte: usize,
    },
    /// A text is invalid in the encoding that its mark or the user declares.
    #[error("line {line} is not {encoding}")]
    Undecodable {
        /// The name of the encoding.
        encoding: &'static str,
        /// The line with the first invalid character, from 1.
        line: u64,
    },
    /// A text is in Unicode, and another encoding is declared.
    #[error("the text is in Unicode, not in {declared}")]
    IsUnicode {
        /// The encoding that was declared.
        declared: Encoding,
    },
    /// The file is larger than any table, perhaps only unpacked.
    #[error("the file has more than {} MB", limit >> 20)]
    TooLarge {
        /// The largest size, in bytes.
        limit: usize,
    },
    /// A line is longer than any of a table.
    #[error("line {line} has more than {} kB", limit >> 10)]
    LongLine {
        /// The line, from 1.
        line: u64,
        /// The largest length, in bytes.
        limit: usize,
    },
    /// The file is compressed, and its end is missing.
    #[error("the end of the compressed file is missing")]
    UnfinishedGzip,
    /// The file is compressed, and cannot be unpacked.
    #[error("the compressed file is damaged")]
    DamagedGzip,
    /// The file is a web page, or XML.
    #[error("the file is a web page or XML, not a table: `{start}`")]
    Html {
        /// The start of the first line.
        start: String,
    },
    /// The file is JSON without a known message key.
    #[error("the file is JSON, not a table: `{start}`")]
    Json {
        /// The start of the text, on one line.
        start: String,
    },
    /// The vendor reports that a request quota is used up.
    #[error("the file is a quota message, not a table: `{message}`")]
    Quota {
        /// The vendor's message, shortened to one line.
        message: String,
    },
    /// There are lines above the header.
    #[error("line {line} is a title, `{title}`, and the header is on line {header_line}")]
    TitleLine {
        /// The title, shortened to one line.
        title: String,
        /// The line of the title, from 1.
        line: u64,
        /// The line of the header, from 1.
        header_line: u64,
        /// The line of a total below the rows.
        total: Option<u64>,
    },
    /// The line `sep=` declares a separator that tables do not have.
    #[error("the first line declares `{0}` as the separator, which is not supported")]
    Separator(String),
    /// The vendor reports an error.
    #[error("the file is an error message, not a table: `{message}`")]
    Message {
        /// The vendor's message, shortened to one line.
        message: String,
    },
    /// The vendor reports that it has no data.
    #[error("the file holds a \"no data\" message, not a table: `{message}`")]
    NoData {
        /// The vendor's message, shortened to one line.
        message: String,
    },
    /// The header is of no known shape of price files.
    #[error("unknown price file header `{found}`")]
    UnknownHeader {
        /// The header as it is in the file.
        found: String,
        /// The known shapes with their headers, one a line.
        known: String,
    },
    /// The header has a column that this kind of file doesn't have.
    #[error("unknown column `{column}` (known columns: {})", known.join(", "))]
    UnknownColumn {
        /// The column as it is written in the header.
        column: String,
        /// The most similar known column, if one is similar enough.
        nearest: Option<String>,
        /// All columns of this kind of file.
        known: Vec<&'static str>,
    },
    /// A column without a name has values.
    #[error("column {position} has values and no name")]
    UnnamedColumn {
        /// The position of the column, from 1.
        position: usize,
    },
    /// The header lacks a column that this kind of file must have.
    #[error("the column `{column}` is missing from the header `{found}`")]
    MissingColumn {
        /// The name of the missing column.
        column: &'static str,
        /// The header as it is in the file.
        found: String,
    },
    /// The header has the same column twice.
    #[error("the column `{column}` appears twice")]
    RepeatedColumn {
        /// The name of the repeated column.
        column: String,
    },
    /// All dates can be read both as day/month and as month/day.
    #[error(
        "the order of day and month is ambiguous: `{}` on line {}{}",
        first.1,
        first.0,
        second.as_ref().map_or(String::new(), |(line, text)| format!(" and `{text}` on line {line}"))
    )]
    AmbiguousDates {
        /// Line and text of the first such date.
        first: (u64, String),
        /// Line and text of the next such date, if there is one.
        second: Option<(u64, String)>,
    },
    /// Some dates can only be day/month and others can only be month/day.
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
    /// The file holds prices of one symbol and neither the rows nor its name give the symbol.
    #[error("no symbol: a {shape} file has no symbol column, and its name gives no symbol")]
    MissingSymbol {
        /// The name of the detected shape.
        shape: &'static str,
    },
    /// The day of adjustment is declared for raw closes.
    #[error("the closes are raw, so `--adjusted-as-of` would not be used")]
    AdjustmentOfRaw,
    /// A symbol is declared for a file whose rows or columns name their symbols.
    #[error("the file names its symbols, so `--symbol {symbol}` would not be used")]
    SymbolInFile {
        /// The symbol that the user declared.
        symbol: String,
    },
    /// The file cannot be read by a profile.
    #[error(transparent)]
    Profile(#[from] ProfileRefusal),
}

impl Refusal {
    pub(super) fn for_file(self, file: &str) -> ImportError {
        ImportError {
            file: file.to_owned(),
            refusal: self,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty | Self::NoRows | Self::NoData { .. } => {
                "download the file again, and check the requested symbol and dates".to_owned()
            }
            Self::Encoding { .. } | Self::Undecodable { .. } => {
                "export it as CSV in UTF-8".to_owned()
            }
            Self::NotUtf8 { .. } => {
                "export it as CSV in UTF-8, or add `--encoding windows-1252`".to_owned()
            }
            Self::IsUnicode { .. } => "leave out `--encoding`".to_owned(),
            Self::TooLarge { .. } | Self::LongLine { .. } => {
                "check that it is a table; split a table into smaller files".to_owned()
            }
            Self::UnfinishedGzip | Self::DamagedGzip => {
                "download the file again, or unpack it by hand".to_owned()
            }
            Self::Separator(_) => "export it with commas, semicolons or tabs".to_owned(),
            Self::Html { .. } | Self::Json { .. } | Self::Message { .. } => {
                "open the download address in a browser to see its answer, then download the CSV"
                    .to_owned()
            }
            Self::TitleLine {
                header_line, total, ..
            } => {
                let above = format!("remove the lines above line {header_line}");
                match total {
                    Some(total) => format!("{above}, and line {total}, which is a total"),
                    None => above,
                }
            }
            Self::Quota { .. } => "wait until the quota resets, then download again".to_owned(),
            Self::UnknownHeader { known, .. } => format!("known headers:\n{known}"),
            Self::UnknownColumn { nearest, .. } => match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "remove or rename the column".to_owned(),
            },
            Self::UnnamedColumn { .. } => "name the column in the header, or remove it".to_owned(),
            Self::AdjustmentOfRaw => {
                "leave out `--adjusted-as-of`, or add `--basis split-adjusted`".to_owned()
            }
            Self::SymbolInFile { .. } => "leave out `--symbol`".to_owned(),
            Self::MissingColumn { column, .. } => format!("add a column named `{column}`"),
            Self::RepeatedColumn { .. } => "remove one of the two columns".to_owned(),
            Self::AmbiguousDates { .. } => {
                "add `--date-order dmy` or `--date-order mdy`, or write dates as YYYY-MM-DD"
                    .to_owned()
            }
            Self::MixedDates { .. } => "write dates as YYYY-MM-DD".to_owned(),
            Self::Profile(refusal) => refusal.hint(),
            Self::MissingSymbol { .. } => {
                "add `--symbol SYMBOL`, or name the file after the symbol, such as `AAPL.csv`"
                    .to_owned()
            }
        };
        Some(hint)
    }
}
