//! Defines and reads the steps that import a file by the rules that files of users have, and that
//! take sources back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Action, FileImport};
use crate::domain::{ActionName, Attribution, Day, DayRange};
use crate::import::apply::{ActionToDelete, FileKind};
use crate::import::{Corrections, ImportOptions, Restatements, ValidRows, Warnings};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::world::values::Span;

/// The name under which scenarios change sources by hand.
const SCENARIO: &str = "scenario";

/// Transactions to withdraw, by their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct VoidSpec {
    /// The external ids of the transactions.
    pub(crate) transactions: OneOrMany<String>,
    /// The reason, as text for people.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// Closes of a security to delete, by days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DeletePricesSpec {
    /// The symbol of the security.
    pub(crate) symbol: String,
    /// The days of the closes.
    pub(crate) days: Lenient<Span>,
    /// The reason, as text for people.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// A corporate action to delete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DeleteActionSpec {
    /// The symbol of the security that is held.
    pub(crate) symbol: String,
    /// The first day on which the action counts.
    pub(crate) day: Day,
    /// The kind: `split`, `symbol-change`, or another one of a file of actions.
    pub(crate) kind: Lenient<ActionName>,
    /// The symbol of the security received, to name one of several actions.
    #[serde(default)]
    pub(crate) received: Option<String>,
    /// The reason, as text for people.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

impl DeleteActionSpec {
    /// Returns the deletion that the step makes.
    pub(super) fn read(&self) -> Action {
        let action = ActionToDelete {
            symbol: self.symbol.clone(),
            day: self.day,
            kind: self.kind.0,
            received: self.received.clone(),
        };
        Action::DeleteAction(action, attribution(self.reason.as_ref()))
    }
}

impl VoidSpec {
    /// Returns the ids, and the author of the change.
    pub(super) fn read(&self) -> (Vec<String>, Attribution) {
        (
            self.transactions.0.clone(),
            attribution(self.reason.as_ref()),
        )
    }
}

impl DeletePricesSpec {
    /// Returns the deletion that the step makes.
    pub(super) fn read(&self, days: DayRange) -> Action {
        Action::DeletePrices {
            symbol: self.symbol.clone(),
            days,
            attribution: attribution(self.reason.as_ref()),
        }
    }
}

fn attribution(reason: Option<&String>) -> Attribution {
    let default = || "the scenario says so".to_owned();
    Attribution {
        by: SCENARIO.to_owned(),
        reason: reason.cloned().unwrap_or_else(default),
    }
}

/// A file to import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ImportSpec {
    /// The kind of the file.
    pub(crate) kind: ImportKindSpec,
    /// The name of the file, which may give the symbol of its prices.
    #[serde(default)]
    pub(crate) file: Option<String>,
    /// The text of the file.
    pub(crate) text: String,
    /// Accept data that gives known data another meaning; false if left out.
    #[serde(default)]
    pub(crate) allow_restatement: bool,
    /// Refuse a file with an invalid row; false if left out.
    #[serde(default)]
    pub(crate) all_or_nothing: bool,
    /// Refuse a file with a warning; false if left out.
    #[serde(default)]
    pub(crate) strict: bool,
    /// Replace known transactions that have other values; false if left out.
    #[serde(default)]
    pub(crate) correct: bool,
}

/// The kind of a file to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ImportKindSpec {
    /// A CSV file of portfolios.
    Portfolios,
    /// A CSV file of securities.
    Securities,
    /// A CSV file of splits.
    Actions,
    /// A CSV file of closes.
    Prices,
    /// A CSV file of transactions.
    Transactions,
}

impl ImportSpec {
    /// Returns the import of a file with the default options.
    pub(crate) fn new(kind: ImportKindSpec, text: String) -> Self {
        Self {
            kind,
            file: None,
            text,
            allow_restatement: false,
            all_or_nothing: false,
            strict: false,
            correct: false,
        }
    }

    /// Returns the import that the step makes.
    pub(super) fn read(&self) -> FileImport {
        let kind = match self.kind {
            ImportKindSpec::Portfolios => FileKind::Portfolios,
            ImportKindSpec::Securities => FileKind::Securities,
            ImportKindSpec::Actions => FileKind::Actions,
            ImportKindSpec::Prices => FileKind::Prices,
            ImportKindSpec::Transactions => FileKind::Transactions,
        };
        let mut options = ImportOptions::default();
        if self.allow_restatement {
            options.restatements = Restatements::Allowed;
        }
        if self.all_or_nothing {
            options.valid_rows = ValidRows::Refused;
        }
        if self.strict {
            options.warnings = Warnings::Refused;
        }
        if self.correct {
            options.corrections = Corrections::By(SCENARIO.to_owned());
        }
        FileImport {
            kind,
            file: self.file.clone().unwrap_or_else(|| format!("{kind}.csv")),
            text: self.text.clone(),
            options,
        }
    }
}
