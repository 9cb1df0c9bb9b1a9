//! Reads and validates files of portfolios: `id?, name, currency?, inception, closed?,
//! deleted_at?, cost_basis?, fees?, calendar?`.
//!
//! The id identifies a portfolio; without an id the name does. An absent column keeps the existing
//! value, and so does an empty `currency`, `cost_basis` or `fees`. An empty
//! `closed`, `deleted_at` or `calendar` removes the value.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::currency::parse_currency;
use super::error::ImportError;
use super::existing::ExistingRecords;
use super::options::{ImportOptions, Restatements};
use super::portfolio_checks::{
    before_calendar, check_cost_basis, check_currency, check_exchanges, check_inception,
    check_transactions_within,
};
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::row_reader::{OptionalField, RowReader, Rows, TableFormat, parse_text};
use super::verdict::{SeenRows, Validated, Verdict, validate_repeat};
use crate::domain::{
    Calendar, Change, Correction, CostBasis, Currency, Day, DayRange, FeeTreatment, Lifecycle,
    LotMethod, NewPortfolio, Portfolio, PortfolioKey, UnknownValue,
};

const FORMAT: TableFormat = TableFormat {
    columns: &[
        "id",
        "name",
        "currency",
        "inception",
        "closed",
        "deleted_at",
        "cost_basis",
        "fees",
        "calendar",
    ],
    required: &["name", "inception"],
    date_columns: &["inception", "closed", "deleted_at"],
    number_columns: &[],
};

/// One row of a file of portfolios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioRow {
    /// The id: a UUID, or any text from which a UUID is derived.
    pub id: OptionalField<String>,
    /// The display name, which identifies the portfolio if the row has no id.
    pub name: String,
    /// The currency of its books; US dollars for a new portfolio without one.
    pub currency: OptionalField<Currency>,
    /// The portfolio's first day.
    pub inception: Day,
    /// The portfolio's last day; an empty field reopens it.
    pub closed: OptionalField<Day>,
    /// The time of deletion; an empty field restores the portfolio.
    pub deleted_at: OptionalField<DateTime<Utc>>,
    /// The lots that a sale closes; first in, first out for a new portfolio without a value.
    pub cost_basis: OptionalField<LotMethod>,
    /// The place of fees; an expense for a new portfolio without a value.
    pub fees: OptionalField<FeeTreatment>,
    /// The name of the calendar that picks its sessions; an empty field removes it.
    pub calendar: OptionalField<String>,
}

impl PortfolioRow {
    /// Returns the days that the row gives; that of the deletion in the time zone of `calendar`.
    pub(super) fn days(&self, calendar: &Calendar) -> Vec<Day> {
        let closed = self.closed.as_value().copied();
        let deleted = self.deleted_at.as_value().map(|at| calendar.today(*at));
        [Some(self.inception), closed, deleted]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Changes that a file of portfolios makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortfolioChanges {
    /// New portfolios, in the file's order.
    pub added: Vec<NewPortfolio>,
    /// Changed portfolios, in the file's order.
    pub corrected: Vec<Correction<Portfolio>>,
}

/// Reads a file of portfolios.
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown, missing or repeated column, and dates in an
/// ambiguous or mixed order.
pub fn read_portfolios(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Rows<PortfolioRow>, ImportError> {
    FORMAT.read(file, bytes, options, read_row)
}

fn read_row(cells: &mut RowReader<'_>) -> Option<PortfolioRow> {
    let dates = cells.dates;
    let id = cells.optional("id", parse_text);
    let name = cells.required("name", parse_text);
    let currency = cells.optional("currency", parse_currency);
    let inception = cells.day("inception");
    let closed = cells.optional("closed", |text| dates.parse_day(text));
    let deleted_at = cells.optional("deleted_at", |text| dates.parse_instant(text));
    let cost_basis = cells.optional("cost_basis", parse_word);
    let fees = cells.optional("fees", parse_word);
    let calendar = cells.optional("calendar", parse_text);
    Some(PortfolioRow {
        id,
        name: name?,
        currency,
        inception: inception?,
        closed,
        deleted_at,
        cost_basis,
        fees,
        calendar,
    })
}

fn parse_word<T: FromStr<Err = UnknownValue>>(text: &str) -> Result<T, RowErrorKind> {
    Ok(text.parse()?)
}

/// Validates a file of portfolios. `known` must hold all portfolios, the traded ranges of those
/// in the file, and the histories of those that get an average cost or another currency. `known_days`
/// are the days of the calendar: an inception after them is refused, and one before them is questioned,
/// since the portfolio has no cells before the calendar.
pub fn validate_portfolios(
    rows: &Rows<PortfolioRow>,
    known: &ExistingRecords,
    known_days: DayRange,
    restatements: Restatements,
) -> Validated<PortfolioChanges> {
    let mut seen = SeenRows::new();
    let validated = Validated::from_rows(rows, |line, row, changes: &mut PortfolioChanges| {
        let was = find_existing(row, known)?;
        let now = merge(row, was)?;
        check_inception(&now, was, known_days)?;
        known.check_calendar(now.calendar.as_deref())?;
        if let Some((line, earlier)) = seen.insert(now.key, line, &now) {
            return validate_repeat(line, differences(&earlier, &now));
        }
        let Some(was) = was else {
            changes.added.push(now);
            return Ok(Verdict::Added);
        };
        check_transactions_within(&now, was, known)?;
        check_cost_basis(&now, was, known)?;
        if restatements == Restatements::Refused {
            check_currency(&now, was, known)?;
        }
        check_exchanges(&now, was, known)?;
        let differs = differences(&was.without_id(), &now);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        let (was, now) = (was.clone(), now.with_id(was.id));
        changes.corrected.push(Correction { was, now });
        Ok(Verdict::Corrected(differs))
    });
    validated.with_warnings(|index| {
        let row = rows.lines[index].row.as_ref().ok();
        let warning = row.and_then(|row| before_calendar(row.inception, known_days));
        warning.into_iter().collect()
    })
}

/// Returns the existing portfolio with the row's id, or with its name if it has no id.
fn find_existing<'a>(
    row: &PortfolioRow,
    known: &'a ExistingRecords,
) -> Result<Option<&'a Portfolio>, Vec<RowError>> {
    if let OptionalField::Value(id) = &row.id {
        return Ok(known.find_portfolio(PortfolioKey::from_name(id)));
    }
    known
        .resolve_portfolio(&row.name)
        .map_err(|reason| vec![RowError::in_column("name", &row.name, reason)])
}

/// Returns the portfolio with the row's values, and the existing or default values otherwise.
fn merge(row: &PortfolioRow, was: Option<&Portfolio>) -> Result<NewPortfolio, Vec<RowError>> {
    let existing = was.map(|was| was.lifecycle);
    let closed = row
        .closed
        .or_keep_optional(existing.and_then(|lifecycle| lifecycle.closing_day()));
    let deleted_at = row
        .deleted_at
        .or_keep_optional(existing.and_then(|lifecycle| lifecycle.deleted_at()));
    let lifecycle = Lifecycle::new(row.inception)
        .with_closing_day(closed)
        .map_err(|error| vec![RowError::in_row(error.into())])?
        .with_deleted_at(deleted_at);
    let id = match &row.id {
        OptionalField::Value(id) => id,
        _ => &row.name,
    };
    let basis = was.map(|was| was.cost_basis).unwrap_or_default();
    Ok(NewPortfolio {
        key: was.map_or_else(|| PortfolioKey::from_name(id), |was| was.key),
        name: row.name.clone(),
        currency: row
            .currency
            .or_keep(was.map_or(Currency::USD, |was| was.currency)),
        cost_basis: CostBasis {
            method: row.cost_basis.or_keep(basis.method),
            fees: row.fees.or_keep(basis.fees),
        },
        calendar: row
            .calendar
            .clone()
            .or_keep_optional(was.and_then(|was| was.calendar.clone())),
        lifecycle,
    })
}

fn differences(was: &NewPortfolio, now: &NewPortfolio) -> Vec<Change> {
    let (old, new) = (was.lifecycle, now.lifecycle);
    let (old_basis, new_basis) = (was.cost_basis, now.cost_basis);
    [
        Change::between("name", &was.name, &now.name),
        Change::between("currency", &was.currency, &now.currency),
        Change::between("inception", &old.inception(), &new.inception()),
        Change::between_optional("closed", &old.closing_day(), &new.closing_day()),
        Change::between_optional("deleted_at", &old.deleted_at(), &new.deleted_at()),
        Change::between("cost_basis", &old_basis.method, &new_basis.method),
        Change::between("fees", &old_basis.fees, &new_basis.fees),
        Change::between_optional("calendar", &was.calendar, &now.calendar),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PortfolioId;

    fn validated(text: &str, known: &ExistingRecords) -> Validated<PortfolioChanges> {
        let rows = read_portfolios("p.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        let known_days = Calendar::new_york().known_days();
        validate_portfolios(&rows, known, known_days, Restatements::Refused)
    }

    /// Returns the records that exist after the changes.
    fn after(validated: Validated<PortfolioChanges>) -> ExistingRecords {
        let added = validated.changes.unwrap().added.into_iter();
        ExistingRecords::default()
            .with_portfolios(added.zip(1..).map(|(new, id)| new.with_id(PortfolioId(id))))
    }

    const TWO: &str =
        "id,name,inception,closed\na,Alpha,2026-01-05,\nb,Beta,2026-01-05,2026-03-31\n";

    #[test]
    fn an_inception_after_the_calendar_is_refused_unless_it_is_known() {
        let none = ExistingRecords::default();
        let typo = "name,inception\nTypo,2999-01-05\n";
        assert!(validated(typo, &none).changes.is_none());
        let rows = read_portfolios("p.csv", TWO.as_bytes(), &ImportOptions::default()).unwrap();
        let known = after(validated(TWO, &none));
        let later = DayRange::single("2026-01-02".parse().unwrap());
        assert!(
            validate_portfolios(&rows, &known, later, Restatements::Refused)
                .changes
                .is_some()
        );
        assert!(
            validate_portfolios(&rows, &none, later, Restatements::Refused)
                .changes
                .is_none()
        );
    }

    #[test]
    fn an_inception_before_the_calendar_is_questioned() {
        let old = validated(
            "name,inception\nOld,1985-03-01\n",
            &ExistingRecords::default(),
        );
        assert!(old.changes.is_some());
        let warning = old.verdicts[0].warnings[0].to_string();
        assert_eq!(
            warning,
            "`1985-03-01` is before the calendar, so the portfolio has cells from 1990-01-01 on"
        );
    }

    #[test]
    fn a_calendar_is_a_known_name_and_an_empty_field_removes_it() {
        let text = |name: &str| format!("name,inception,calendar\nAlpha,2026-01-05,{name}\n");
        let calendars = || ["XTSE".to_owned()];
        let none = ExistingRecords::default().with_calendars(calendars());
        let refused = validated(&text("XTES"), &none);
        assert_eq!((refused.counts.invalid, refused.changes), (1, None));
        let known = after(validated(&text("XTSE"), &none)).with_calendars(calendars());
        let kept = validated("name,inception\nAlpha,2026-01-05\n", &known);
        assert_eq!(kept.verdicts[0].verdict, Verdict::Same);
        let removed = validated(&text(""), &known).changes.unwrap();
        assert_eq!(removed.corrected[0].now.calendar, None);
    }

    #[test]
    fn a_second_import_changes_nothing() {
        let first = validated(TWO, &ExistingRecords::default());
        assert_eq!(first.counts.added, 2);
        let second = validated(TWO, &after(first));
        assert_eq!((second.counts.same, second.counts.added), (2, 0));
        assert_eq!(second.changes, Some(PortfolioChanges::default()));
    }

    #[test]
    fn an_empty_field_reopens_and_an_absent_column_keeps_the_value() {
        let known = after(validated(TWO, &ExistingRecords::default()));
        let open = validated("id,name,inception,closed\nb,Beta,2026-01-05,\n", &known);
        assert_eq!(
            open.verdicts[0].verdict,
            Verdict::Corrected(vec![Change {
                column: "closed",
                was: "2026-03-31".to_owned(),
                now: String::new(),
            }])
        );
        let left = validated("id,name,inception\nb,Beta,2026-01-05\n", &known);
        assert_eq!(left.verdicts[0].verdict, Verdict::Same);
    }

    #[test]
    fn without_an_id_the_key_is_made_from_the_name() {
        let known = after(validated(TWO, &ExistingRecords::default()));
        let moved = validated(
            "name,inception\nAlpha,2026-01-02\nGamma,2026-01-02\n",
            &known,
        );
        assert_eq!((moved.counts.corrected, moved.counts.added), (1, 1));
        assert_eq!(
            moved.changes.unwrap().added[0].key,
            PortfolioKey::from_name("Gamma")
        );
    }

    #[test]
    fn a_lifecycle_must_cover_its_transactions() {
        let (first, last) = ("2026-01-05".parse().unwrap(), "2026-02-02".parse().unwrap());
        let known = after(validated(TWO, &ExistingRecords::default()))
            .with_traded_ranges([(PortfolioId(1), DayRange::new(first, last).unwrap())]);
        let late = validated(
            "id,name,inception,closed\na,Alpha,2026-01-06,2026-02-01\n",
            &known,
        );
        assert!(matches!(&late.verdicts[0].verdict, Verdict::Invalid(errors) if errors.len() == 2));
        assert!(late.is_refused());
    }

    #[test]
    fn the_currency_of_amounts_is_not_changed_by_a_file() {
        let day = "2026-01-05".parse().unwrap();
        let known = after(validated(TWO, &ExistingRecords::default()));
        let text = "id,name,inception,currency\na,Alpha,2026-01-05,EUR\n";
        assert_eq!(validated(text, &known).counts.corrected, 1);
        let known = known.with_traded_ranges([(PortfolioId(1), DayRange::single(day))]);
        assert!(validated(text, &known).is_refused());
        let rows = read_portfolios("p.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        let allowed = validate_portfolios(
            &rows,
            &known,
            Calendar::new_york().known_days(),
            Restatements::Allowed,
        );
        assert_eq!(allowed.counts.corrected, 1);
    }

    #[test]
    fn repeated_rows_of_a_portfolio_must_agree() {
        let text = "name,inception\nA,2026-01-05\nA,2026-01-05\nA,2026-01-06\n";
        let result = validated(text, &ExistingRecords::default());
        assert_eq!((result.counts.added, result.counts.same), (1, 1));
        assert_eq!(result.counts.invalid, 1);
    }

    #[test]
    fn a_close_before_inception_is_invalid() {
        let text = "name,inception,closed\nA,2026-01-05,2026-01-02\n";
        assert!(validated(text, &ExistingRecords::default()).is_refused());
    }
}
