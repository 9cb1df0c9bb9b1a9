//! Defines rows of scratch databases, recorded writes to them, and faults of such writes.

/// A table whose writes are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedTable {
    /// The number by which recorded writes name the table.
    pub source: usize,
    /// The name of the table.
    pub table: String,
    /// The column with the id of the portfolio.
    pub portfolio: String,
    /// The column with the day.
    pub day: String,
}

/// The kind of a recorded write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteKind {
    /// The row was inserted.
    Insert,
    /// A row was updated, even if to equal values.
    Update,
    /// The row was deleted.
    Delete,
}

/// A committed write to a watched table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedWrite {
    /// The number of the watched table.
    pub source: usize,
    /// The kind of the write.
    pub kind: WriteKind,
    /// The id of the portfolio as text, if the column is not NULL.
    pub portfolio: Option<String>,
    /// The day as text, if the column is not NULL.
    pub day: Option<String>,
}

/// A fault at one of the next writes to a watched table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteFault {
    /// The number of the write, from 1.
    pub number: u64,
    /// The effect on the write.
    pub kind: WriteFaultKind,
}

/// The effect of a fault on a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteFaultKind {
    /// The statement fails with an error.
    Raise,
    /// The statement never ends, so that its process can be killed inside it.
    Hang,
}

/// A value that a harness writes into a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ScratchValue {
    /// The value NULL of SQL.
    Null,
    /// A whole number of 64 bits.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text in any alphabet.
    Text(String),
    /// Bytes, as of a UUID.
    Blob(Vec<u8>),
    /// An SQL expression, evaluated by the database.
    Expression(String),
}

/// A row to insert: the table, and the columns with their values.
#[derive(Debug, Clone, PartialEq)]
pub struct ScratchRow {
    /// The name of the table.
    pub table: String,
    /// The columns with their values.
    pub values: Vec<(String, ScratchValue)>,
}

impl WriteKind {
    /// Returns the word by which a database records the kind.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Returns the kind that a database recorded by its word.
    pub(super) fn from_name(name: &str) -> Self {
        let kinds = [Self::Insert, Self::Update];
        let mut kinds = kinds.into_iter();
        kinds
            .find(|kind| kind.name() == name)
            .unwrap_or(Self::Delete)
    }
}

impl WriteFaultKind {
    /// Returns the word by which a database arms the fault.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Hang => "hang",
        }
    }
}
