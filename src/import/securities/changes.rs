//! Validates the rows of each security of a file: first those without a day, then the changes of its
//! attributes by their days.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{check_pair_symbol, check_prices, check_takeover, differences, find, merge};
use super::read::SecurityRow;
use crate::domain::{
    AttributeSpan, AttributeValues, Change, Correction, Day, NewSecurity, Security, SecurityId,
};
use crate::import::existing::ExistingRecords;
use crate::import::options::Restatements;
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::{OptionalField, Rows};
use crate::import::verdict::{SeenRows, Verdict, validate_repeat};
use crate::import::warning::Warning;

/// Changes that a file of securities makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityChanges {
    /// New securities, in the file's order.
    pub added: Vec<NewSecurity>,
    /// Changed securities, in the file's order.
    pub corrected: Vec<Correction<Security>>,
}

/// The security of a row: an existing one, or a new one by its symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum RowSecurity {
    Existing(SecurityId),
    New(String),
}

/// The securities of a file with the verdicts on its rows.
pub(super) struct SecurityFile<'k> {
    known: &'k ExistingRecords,
    today: Day,
    restatements: Restatements,
    /// The verdicts, by line.
    pub(super) verdicts: BTreeMap<u64, Result<Verdict, Vec<RowError>>>,
    /// By line: the closes that a new class cannot have.
    pub(super) excluded_closes: BTreeMap<u64, Warning>,
    /// The securities as they are to become.
    now: BTreeMap<RowSecurity, NewSecurity>,
    /// Those with a row that has a day.
    with_days: BTreeSet<RowSecurity>,
    seen: SeenRows<RowSecurity, NewSecurity>,
    seen_days: SeenRows<(RowSecurity, Day), AttributeValues>,
}

impl<'k> SecurityFile<'k> {
    /// Validates all rows that could be read.
    pub(super) fn validate(
        rows: &Rows<SecurityRow>,
        known: &'k ExistingRecords,
        today: Day,
        restatements: Restatements,
    ) -> Self {
        let mut file = Self {
            known,
            today,
            restatements,
            verdicts: BTreeMap::new(),
            excluded_closes: BTreeMap::new(),
            now: BTreeMap::new(),
            with_days: BTreeSet::new(),
            seen: SeenRows::new(),
            seen_days: SeenRows::new(),
        };
        let lines = rows.lines.iter().filter_map(|line| {
            let row = line.row.as_ref().ok()?;
            Some((row.valid_from.as_value().copied(), line.number, row))
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort_by_key(|(day, line, _)| (*day, *line));
        let with_days = lines.iter().filter(|(day, ..)| day.is_some());
        file.with_days = with_days.map(|(.., row)| file.security(row)).collect();
        for (day, line, row) in lines {
            let verdict = match day {
                None => file.validate_row(line, row),
                Some(day) => file.validate_change(line, row, day),
            };
            file.verdicts.insert(line, verdict);
        }
        file
    }

    /// Adds the change of the security of a row, unless it was added or there is none.
    pub(super) fn take_change(&mut self, row: &SecurityRow, changes: &mut SecurityChanges) {
        let Some(now) = self.now.remove(&self.security(row)) else {
            return;
        };
        let Some(was) = find(row, self.known) else {
            changes.added.push(now);
            return;
        };
        if was.without_id() != now {
            let now = Security {
                former_symbols: was.former_symbols.clone(),
                ..now.with_id(was.id)
            };
            let was = was.clone();
            changes.corrected.push(Correction { was, now });
        }
    }

    fn security(&self, row: &SecurityRow) -> RowSecurity {
        match find(row, self.known) {
            Some(known) => RowSecurity::Existing(known.id),
            None => RowSecurity::New(row.symbol.clone()),
        }
    }

    /// Validates a row without a day. Beside rows with days its attributes are those before them,
    /// else those of today.
    fn validate_row(&mut self, line: u64, row: &SecurityRow) -> Result<Verdict, Vec<RowError>> {
        let (was, security) = (find(row, self.known), self.security(row));
        let day = match self.with_days.contains(&security) {
            true => Day::MIN,
            false => self.today,
        };
        let now = merge(row, was, AttributeSpan::Around(day));
        if was.is_none() {
            check_takeover(&now, self.known)?;
        }
        check_pair_symbol(&now)?;
        self.known.check_calendar(now.calendar.as_deref())?;
        if let Some(was) = was.filter(|_| self.restatements == Restatements::Refused) {
            check_prices(was, &now, day, self.known)?;
        }
        if let Some((line, earlier)) = self.seen.insert(security.clone(), line, &now) {
            return validate_repeat(line, differences(&earlier, &now));
        }
        self.now.insert(security, now.clone());
        let Some(was) = was else {
            return Ok(Verdict::Added);
        };
        let before = was.without_id();
        self.add_excluded_closes(line, was.id, before.clone(), now.clone());
        Ok(verdict(differences(&before, &now)))
    }

    /// Validates a row whose attributes change on a day.
    fn validate_change(
        &mut self,
        line: u64,
        row: &SecurityRow,
        day: Day,
    ) -> Result<Verdict, Vec<RowError>> {
        let (found, security) = (find(row, self.known), self.security(row));
        let was = self.now.get(&security).cloned();
        let Some(was) = was.or_else(|| found.map(Security::without_id)) else {
            let symbol = row.symbol.clone();
            let kind = RowErrorKind::NothingBefore { symbol };
            return Err(vec![RowError::in_column("symbol", &row.symbol, kind)]);
        };
        check_columns(row, &was)?;
        let values = row.attributes();
        if values == AttributeValues::default() {
            let kind = RowErrorKind::NothingByDay;
            return Err(vec![RowError::in_column("valid_from", day, kind)]);
        }
        let span = AttributeSpan::From(day);
        let now = was.clone().with_attributes(span, &values);
        check_pair_symbol(&now)?;
        let key = (security.clone(), day);
        if let Some((line, earlier)) = self.seen_days.insert(key, line, &values) {
            let earlier = was.with_attributes(span, &earlier);
            return validate_repeat(line, differences(&earlier, &now));
        }
        if let Some(known) = found {
            self.add_excluded_closes(line, known.id, was.clone(), now.clone());
        }
        let differs = differences(&was, &now);
        self.now.insert(security, now);
        Ok(verdict(differs))
    }

    /// Adds a warning if a new class of a known security cannot have its closes.
    fn add_excluded_closes(
        &mut self,
        line: u64,
        id: SecurityId,
        was: NewSecurity,
        now: NewSecurity,
    ) {
        let (was, now) = (was.with_id(id), now.with_id(id));
        let closes = self.known.closes(id).into_iter().flatten();
        let mut excluded = closes.filter(|(day, close)| {
            let class = now.class_on(**day);
            class != was.class_on(**day) && !class.closes().include(**close)
        });
        if let Some((day, close)) = excluded.next() {
            let warning = Warning::ClosesOfClass {
                class: now.class_on(*day),
                close: *close,
                day: *day,
                count: 1 + excluded.count(),
            };
            self.excluded_closes.insert(line, warning);
        }
    }
}

fn verdict(differs: Vec<Change>) -> Verdict {
    match differs.is_empty() {
        true => Verdict::Same,
        false => Verdict::Corrected(differs),
    }
}

/// Refuses other values of the attributes that do not change on a day.
fn check_columns(row: &SecurityRow, known: &NewSecurity) -> Result<(), Vec<RowError>> {
    fn other<T: PartialEq>(field: &OptionalField<T>, known: Option<&T>) -> bool {
        field.as_value().is_some_and(|value| known != Some(value))
    }
    let columns = [
        ("name", other(&row.name, Some(&known.name))),
        ("currency", other(&row.currency, Some(&known.currency))),
        (
            "inactive_from",
            other(&row.inactive_from, known.inactive_from.as_ref()),
        ),
        ("calendar", other(&row.calendar, known.calendar.as_ref())),
    ];
    let errors = columns.into_iter().filter(|(_, differs)| *differs);
    let errors: Vec<_> = errors
        .map(|(column, _)| RowError::in_row(RowErrorKind::NotByDay { column }))
        .collect();
    match errors.is_empty() {
        true => Ok(()),
        false => Err(errors),
    }
}
