//! Translates the rows of a file of another program into the columns of a file of transactions, so
//! that the same checks apply to both.

use std::collections::BTreeSet;

use super::fields::FieldReader;
use super::ids::IdMaker;
use super::proposals::{Proposals, TransactionFacts};
use super::row::SourceRow;
use super::source_table::SourceTable;
use super::spec::{FieldSources, Profile, RowRule};
use crate::domain::PortfolioKey;
use crate::import::error::Refusal;
use crate::import::numbers::{NumberReader, without_ornaments};
use crate::import::options::DecimalMark;
use crate::import::profile_error::{ProfileRefusal, ProfileRowError};
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::table::{Record, Table};
use crate::import::verdict::SkippedRow;

/// The columns of the translation, in the order of [`Fields`].
const COLUMNS: [&str; 15] = [
    "id",
    "portfolio",
    "date",
    "time",
    "kind",
    "symbol",
    "quantity",
    "price",
    "price_currency",
    "amount",
    "fee",
    "currency",
    "fee_currency",
    "from_amount",
    "from_currency",
];

/// The portfolios of a file of another program.
#[derive(Clone, Copy)]
pub(in crate::import) struct PortfolioNames<'n> {
    /// The id or name that the user gives for all rows.
    pub(in crate::import) given: Option<&'n str>,
    /// Returns the key of an id or name, so that ids are the same whichever is written.
    pub(in crate::import) key: &'n dyn Fn(&str) -> PortfolioKey,
}

/// A file of another program as transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Translation {
    /// The name of the profile.
    pub(in crate::import) profile: String,
    /// The transactions, with the lines of the file.
    pub(in crate::import) table: Table,
    /// The rows without a transaction.
    pub(in crate::import) skipped: Vec<SkippedRow>,
    /// What the rows say about securities and portfolios.
    pub(in crate::import) proposals: Proposals,
}

/// Translates the rows of a file by a profile.
///
/// # Errors
///
/// Refuses a file with an unknown column, one whose rows name no portfolio if the user gives none, and
/// one whose rows name several if the user gives one.
pub(super) fn translate<'p>(
    source: &SourceTable,
    profile: &'p Profile,
    portfolios: PortfolioNames<'p>,
    mark: Option<DecimalMark>,
) -> Result<Translation, Refusal> {
    let mark = mark.or(profile.file.decimal);
    let columns: BTreeSet<&str> = match mark {
        Some(_) => BTreeSet::new(),
        None => profile.number_columns(),
    };
    let written: Vec<String> = (source.records.iter())
        .flat_map(|record| columns.iter().map(|column| source.field(record, column)))
        .map(without_ornaments)
        .collect();
    let numbers = NumberReader::detect(written.iter().map(String::as_str), mark);
    let mut translator = Translator {
        profile,
        portfolios,
        unread: (profile.rows.iter())
            .map(|rule| profile.unread_columns(rule))
            .collect(),
        ids: IdMaker::new(profile.ids.as_deref().unwrap_or(&profile.name)),
        accounts: BTreeSet::new(),
        lacks_portfolio: false,
        proposals: Proposals::default(),
    };
    let (mut records, mut skipped) = (Vec::new(), Vec::new());
    for record in &source.records {
        let row = SourceRow {
            profile,
            table: source,
            record,
            numbers,
        };
        match translator.translate(&row) {
            Ok(Translated::Transactions(transactions)) => {
                records.extend(transactions.into_iter().map(|fields| Record {
                    line: record.line,
                    fields: fields.0.iter().collect(),
                    errors: Vec::new(),
                }));
            }
            Ok(Translated::Skipped(rule)) => skipped.push(SkippedRow {
                line: record.line,
                reason: rule.skip.clone().unwrap_or_default(),
                is_warning: rule.warning,
            }),
            Err(errors) => records.push(Record {
                line: record.line,
                fields: csv::StringRecord::new(),
                errors,
            }),
        }
    }
    if let Some(portfolio) = portfolios.given
        && translator.accounts.len() > 1
    {
        return Err(ProfileRefusal::SeveralPortfolios {
            portfolio: portfolio.to_owned(),
            names: translator.accounts.into_iter().collect(),
        }
        .into());
    }
    if translator.lacks_portfolio {
        return Err(ProfileRefusal::NoPortfolio.into());
    }
    Ok(Translation {
        profile: profile.name.clone(),
        table: Table {
            header: COLUMNS.map(str::to_owned).to_vec(),
            records,
            trailing_separator: false,
        },
        skipped,
        proposals: translator.proposals,
    })
}

enum Translated<'p> {
    Transactions(Vec<Fields>),
    Skipped(&'p RowRule),
}

/// The fields of a transaction, in the order of [`COLUMNS`].
struct Fields([String; 15]);

struct Translator<'p> {
    profile: &'p Profile,
    portfolios: PortfolioNames<'p>,
    /// The columns that must have no number in the rows of each rule.
    unread: Vec<Vec<&'p str>>,
    ids: IdMaker<'p>,
    /// The portfolios that rows name.
    accounts: BTreeSet<String>,
    /// True if neither a row nor the user names its portfolio.
    lacks_portfolio: bool,
    proposals: Proposals,
}

impl<'p> Translator<'p> {
    fn translate(&mut self, row: &SourceRow<'_>) -> Result<Translated<'p>, Vec<RowError>> {
        if let Some((found, expected)) = row.table.wrong_width(row.record) {
            let reason = RowErrorKind::FieldCount { found, expected };
            return Err(vec![RowError::in_row(reason)]);
        }
        let (rule, unread) = self.rule_of(row).map_err(|error| vec![error])?;
        if rule.skip.is_some() {
            return Ok(Translated::Skipped(rule));
        }
        row.check_same().map_err(|error| vec![error])?;
        row.check_unread(unread).map_err(|error| vec![error])?;
        let (mut transactions, mut errors) = (Vec::new(), Vec::new());
        for (part, template) in (1..).zip(&rule.transactions) {
            match self.transaction(row, template, part) {
                Ok(fields) => transactions.extend(fields),
                Err(found) => errors.extend(found),
            }
        }
        match errors.is_empty() {
            true => Ok(Translated::Transactions(transactions)),
            false => {
                errors.dedup();
                Err(errors)
            }
        }
    }

    /// Returns the rule of a row, and the columns that it must leave empty.
    fn rule_of(&self, row: &SourceRow<'_>) -> Result<(&'p RowRule, &[&'p str]), RowError> {
        for (rule, unread) in self.profile.rows.iter().zip(&self.unread) {
            if row.fits(rule)? {
                return Ok((rule, unread));
            }
        }
        let mut columns = BTreeSet::new();
        for rule in &self.profile.rows {
            rule.add_conditions(&mut columns);
        }
        let value = |column: &str| format!("`{column}` = `{}`", row.text(column));
        let reason = ProfileRowError::NoRule {
            profile: self.profile.name.clone(),
            values: columns.into_iter().map(value).collect(),
        };
        Err(RowError::in_row(reason.into()))
    }

    /// Returns the fields of a transaction; `None` if its condition is zero or empty.
    fn transaction(
        &mut self,
        row: &SourceRow<'_>,
        template: &FieldSources,
        part: usize,
    ) -> Result<Option<Fields>, Vec<RowError>> {
        if let Some(condition) = &template.condition {
            let number = row.number_of(condition).map_err(|error| vec![error])?;
            if number.is_none_or(|number| number.is_zero()) {
                return Ok(None);
            }
        }
        let kind = template.kind.expect("a checked profile has all kinds");
        let common = &self.profile.columns;
        let mut reader = FieldReader::new(row);
        let id = reader.text(template.id.as_ref().or(common.id.as_ref()));
        let portfolio = reader.text(template.portfolio.as_ref().or(common.portfolio.as_ref()));
        let (date, mut time) = reader.date(template.date.as_ref().or(common.date.as_ref()));
        if let Some(source) = template.time.as_ref().or(common.time.as_ref()) {
            time = reader.text(Some(source));
        }
        let cash = reader.cash(kind, template, common);
        let symbol = reader.text(template.symbol.as_ref().or(common.symbol.as_ref()));
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        if !portfolio.is_empty() && !self.accounts.contains(&portfolio) {
            self.accounts.insert(portfolio.clone());
        }
        let portfolio = self.portfolios.given.map_or(portfolio, str::to_owned);
        self.lacks_portfolio |= portfolio.is_empty();
        let identity = (self.portfolios.key)(&portfolio).to_string();
        let facts = TransactionFacts {
            kind,
            date: &date,
            symbol: &symbol,
            currency: &cash.currency,
        };
        let proposed = self.proposals.add(row, self.profile, &portfolio, facts);
        proposed.map_err(|error| vec![error])?;
        let mut fields = Fields([
            String::new(),
            portfolio,
            date,
            time,
            kind.name().to_owned(),
            symbol,
            cash.quantity,
            cash.price,
            cash.price_currency,
            cash.amount,
            cash.fee,
            cash.currency,
            cash.fee_currency,
            cash.from_amount,
            cash.from_currency,
        ]);
        fields.0[0] = match id.as_str() {
            "" => {
                let others = fields.0[2..].iter().map(String::as_str);
                self.ids
                    .of_fields([identity.as_str()].into_iter().chain(others))
            }
            id => self.ids.of_source(id, part),
        };
        Ok(Some(fields))
    }
}
