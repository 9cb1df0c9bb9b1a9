//! Reads and validates files of corporate actions: `symbol, date, kind`, and the terms of the kind:
//! `new, old` or a `ratio`, `received`, `cash`, `cost_share`, `new_symbol`.

mod cost_shares;
mod row;
mod symbol_changes;
mod terms;

use std::collections::BTreeMap;

use super::error::ImportError;
use super::existing::ExistingRecords;
use super::options::{ImportOptions, Restatements};
use super::restatement::{MAX_GAP, SplitRatio, UnseenSplit};
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::row_reader::{RowReader, Rows, TableFormat, parse_text};
use super::verdict::{SeenRows, Validated, Verdict, validate_repeat};
use super::warning::Warning;
use crate::domain::{
    ActionKind, Change, CorporateAction, MAX_FOLD, Security, Split, SplitChange, SplitKind,
    split_terms,
};
use rust_decimal::Decimal;

use cost_shares::refuse_shares_beyond_cost;
pub use row::{ActionChanges, ActionRow, ActionTerms};
pub(super) use symbol_changes::check_symbols;

const FORMAT: TableFormat = TableFormat {
    columns: &[
        "symbol",
        "date",
        "kind",
        "new",
        "old",
        "ratio",
        "received",
        "cash",
        "cost_share",
        "new_symbol",
    ],
    required: &["symbol", "date", "kind"],
    date_columns: &["date"],
    number_columns: &["cash", "cost_share"],
};

/// Reads a file of corporate actions.
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown, missing or repeated column, and dates in an
/// ambiguous or mixed order.
pub fn read_actions(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Rows<ActionRow>, ImportError> {
    FORMAT.read(file, bytes, options, read_row)
}

fn read_row(cells: &mut RowReader<'_>) -> Option<ActionRow> {
    let symbol = cells.required("symbol", parse_text);
    let day = cells.day("date");
    let terms = terms::read_terms(cells);
    Some(ActionRow {
        symbol: symbol?,
        day: day?,
        terms: terms?,
    })
}

/// Validates a file of corporate actions. `known` must hold all securities, and the splits of those
/// in the file, with the closes around them.
pub fn validate_actions(
    rows: &Rows<ActionRow>,
    known: &ExistingRecords,
    restatements: Restatements,
) -> Validated<ActionChanges> {
    let mut renamed = symbol_changes::validate(rows, known);
    // Other rows of the file name securities by their symbols after these changes.
    let known = renamed.known.as_ref().unwrap_or(known);
    let (mut seen, mut seen_others) = (SeenRows::new(), SeenRows::new());
    // By line: the closes around splits that are too far away to refuse the row.
    let mut distant: BTreeMap<u64, UnseenSplit> = BTreeMap::new();
    let mut validated = Validated::from_rows(rows, |line, row, changes: &mut ActionChanges| {
        if let Some(verdict) = renamed.verdicts.remove(&line) {
            return verdict;
        }
        let security = known
            .require_security(&row.symbol, row.day)
            .map_err(|reason| vec![RowError::in_column("symbol", &row.symbol, reason)])?;
        let (kind, new, old) = match &row.terms {
            ActionTerms::Split(kind, new, old) => (*kind, *new, *old),
            ActionTerms::SymbolChange(_) => return Ok(Verdict::Same),
            ActionTerms::Other(terms) => {
                let terms = (row.day, terms);
                return terms::validate_terms(
                    line,
                    terms,
                    security,
                    known,
                    &mut seen_others,
                    changes,
                );
            }
        };
        if new == old {
            let text = format!("{new}:{old}");
            return Err(vec![RowError::in_row(RowErrorKind::SplitWithoutEffect(
                text,
            ))]);
        }
        if new / old > MAX_FOLD || old / new > MAX_FOLD {
            let text = format!("{new}:{old}");
            return Err(vec![RowError::in_row(RowErrorKind::ImplausibleSplit(text))]);
        }
        let split = Split {
            security: security.id,
            day: row.day,
            new,
            old,
        };
        if let Some((line, earlier)) = seen.insert((split.security, split.day, kind), line, &split)
        {
            return validate_repeat(line, difference(earlier, split));
        }
        let was = known.split(split.security, split.day, kind);
        let differs = was.map(|was| difference(was, split));
        if differs.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Verdict::Same);
        }
        // Before stock dividends were told apart, they were stored as splits.
        let same_split = known.split(split.security, split.day, SplitKind::Split);
        if restatements == Restatements::Refused
            && kind == SplitKind::StockDividend
            && was.is_none()
            && same_split.is_some_and(|known| difference(known, split).is_empty())
        {
            let reason = RowErrorKind::EqualsSplit(split_terms(&split));
            return Err(vec![RowError::in_row(reason)]);
        }
        if restatements == Restatements::Refused
            && let Some(unseen) = find_unseen(security, split, known)
        {
            if is_near(&unseen, split) {
                return Err(vec![RowError::in_row(unseen.into())]);
            }
            distant.insert(line, unseen);
        }
        changes.splits.push(SplitChange { kind, was, split });
        Ok(differs.map_or(Verdict::Added, Verdict::Corrected))
    });
    if let Some(changes) = &mut validated.changes {
        changes.symbols = renamed.changes;
        // After all rows, so that their order does not matter.
        let errors = refuse_shares_beyond_cost(changes, known, &seen_others);
        validated = validated.with_refused_lines(errors);
    }
    let new = validated
        .changes
        .iter()
        .flat_map(|changes| &changes.actions);
    let new: Vec<CorporateAction> = new.map(|change| change.action).collect();
    validated.with_warnings(|index| {
        let line = &rows.lines[index];
        let row = line.row.as_ref().ok();
        let other = row.and_then(|row| other_end(row, &new, known));
        let warning = other.map(|other| Warning::EndsTwice { other });
        let unseen = distant.get(&line.number).cloned();
        let unseen = unseen.map(Warning::UnseenSplit);
        warning.into_iter().chain(unseen).collect()
    })
}

/// Returns whether both closes are so near to the split that it must show.
fn is_near(unseen: &UnseenSplit, split: Split) -> bool {
    split.day.number() - unseen.before_day.number() <= MAX_GAP
        && unseen.day.number() - split.day.number() <= MAX_GAP
}

/// Returns the kind of another action that ends the holding of a row's security on the same day, if
/// the row has one that does.
fn other_end(
    row: &ActionRow,
    new: &[CorporateAction],
    known: &ExistingRecords,
) -> Option<ActionKind> {
    let ActionTerms::Other(terms) = &row.terms else {
        return None;
    };
    if !terms.kind.ends_holding() {
        return None;
    }
    let security = known.require_security(&row.symbol, row.day).ok()?.id;
    let mut all = known.actions().chain(new);
    let other = all.find(|other| {
        (other.security, other.day) == (security, row.day)
            && other.kind.ends_holding()
            && other.kind != terms.kind
    });
    other.map(|other| other.kind)
}

/// Returns the stored closes around a split if they move less by it than against it: the closes
/// before it are then adjusted for it already, and booking it would multiply the holdings alone.
fn find_unseen(security: &Security, split: Split, known: &ExistingRecords) -> Option<UnseenSplit> {
    let closes = known.closes(security.id)?;
    let (before_day, before) = closes.range(..split.day).next_back()?;
    let (day, close) = closes.range(split.day..).next()?;
    let seen = close.decimal().checked_div(before.decimal())?;
    let (new, old) = (Decimal::from(split.new), Decimal::from(split.old));
    let adjusted = seen.checked_mul(new)?.checked_div(old)?;
    let fold = |factor: Decimal| Some(factor.max(Decimal::ONE.checked_div(factor)?));
    (fold(seen)? < fold(adjusted)?).then(|| UnseenSplit {
        symbol: security.symbol.clone(),
        before_day: *before_day,
        before: *before,
        day: *day,
        close: *close,
        split: SplitRatio {
            new: split.new,
            old: split.old,
        },
    })
}

/// Returns the difference of two splits; equal ratios such as `4:2` and `2:1` do not differ.
fn difference(was: Split, now: Split) -> Vec<Change> {
    let cross = |a: u32, b: u32| u64::from(a) * u64::from(b);
    if cross(was.new, now.old) == cross(now.new, was.old) {
        return Vec::new();
    }
    let change = Change::between("ratio", &split_terms(&was), &split_terms(&now));
    change.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, SecurityId};
    use crate::import::sample::{self, security};

    fn known() -> ExistingRecords {
        ExistingRecords::default().with_securities([security(1, "AAPL")])
    }

    fn validated(text: &str, known: &ExistingRecords) -> Validated<ActionChanges> {
        let rows = read_actions("a.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        validate_actions(&rows, known, Restatements::Refused)
    }

    fn after(validated: Validated<ActionChanges>) -> ExistingRecords {
        let splits = validated.changes.unwrap().splits;
        known().with_recorded_splits(splits.into_iter().map(|change| (change.kind, change.split)))
    }

    #[test]
    fn ratio_and_new_old_columns_give_the_same_split() {
        let long = validated(
            "symbol,date,kind,new,old\nAAPL,2026-01-05,split,4,1\n",
            &known(),
        );
        let known = after(long);
        let ratio = validated(
            "symbol,date,kind,ratio\nAAPL,2026-01-05,split,8:2\n",
            &known,
        );
        assert_eq!(ratio.verdicts[0].verdict, Verdict::Same);
        let other = validated(
            "symbol,date,kind,ratio\nAAPL,2026-01-05,split,7:1\n",
            &known,
        );
        assert_eq!(other.counts.corrected, 1);
        let change = other.changes.unwrap().splits[0];
        assert_eq!((change.was.unwrap().new, change.split.new), (4, 7));
    }

    #[test]
    fn a_split_and_a_stock_dividend_of_one_day_are_two_actions() {
        let of = |rows: &str| format!("symbol,date,kind,ratio\n{rows}");
        let split = "AAPL,2025-06-16,split,2:1\n";
        let dividend = "AAPL,2025-06-16,stock-dividend,4:1\n";
        let both = validated(&of(&format!("{split}{dividend}")), &known());
        assert_eq!(both.counts.added, 2);
        let first = after(validated(&of(split), &known()));
        let second = validated(&of(dividend), &first);
        assert_eq!(second.verdicts[0].verdict, Verdict::Added);
        let both = after(both);
        assert_eq!(validated(&of(split), &both).counts.same, 1);
        let corrected = validated(&of("AAPL,2025-06-16,stock-dividend,3:1\n"), &both);
        let change = corrected.changes.unwrap().splits[0];
        assert_eq!((change.was.unwrap().new, change.split.new), (5, 4));
        let days = ["2025-06-13", "2025-06-16"].map(sample::day);
        let units = both.units_between(SecurityId(1), days[0], days[1]);
        assert_eq!(units, Some((Decimal::TEN, Decimal::ONE)));
        // As it was stored before stock dividends were told apart.
        let equal = of("AAPL,2025-06-16,stock-dividend,1:1\n");
        assert!(validated(&equal, &first).is_refused());
        let rows = read_actions("a.csv", equal.as_bytes(), &ImportOptions::default()).unwrap();
        let accepted = validate_actions(&rows, &first, Restatements::Allowed);
        assert_eq!(accepted.counts.added, 1);
    }

    #[test]
    fn invalid_splits_are_refused() {
        for row in [
            "AAPL,2026-01-05,dividend,2:1",
            "AAPL,2026-01-05,split,1:1",
            "AAPL,2026-01-05,split,0:1",
            "AAPL,2026-01-05,split,1:4000000000",
            "AAPL,2026-01-05,split,2",
            "APPL,2026-01-05,split,2:1",
        ] {
            let text = format!("symbol,date,kind,ratio\n{row}\n");
            assert!(validated(&text, &known()).is_refused(), "{row}");
        }
    }

    #[test]
    fn a_split_that_the_closes_do_not_show_is_refused() {
        let close = |day: &str, close: &str| {
            (
                SecurityId(1),
                sample::day(day),
                close.parse::<Price>().unwrap(),
            )
        };
        let adjusted = [close("2026-01-05", "125"), close("2026-01-06", "129")];
        let raw = [close("2026-01-05", "500"), close("2026-01-06", "129")];
        let text = "symbol,date,kind,ratio\nAAPL,2026-01-06,split,4:1\n";
        let result = validated(text, &known().with_closes(adjusted));
        assert!(result.is_refused());
        let rows = read_actions("a.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        let known_adjusted = known().with_closes(adjusted);
        let allowed = validate_actions(&rows, &known_adjusted, Restatements::Allowed);
        assert!(!allowed.is_refused());
        assert!(!validated(text, &known().with_closes(raw)).is_refused());
        // Over a long gap the closes may have moved back.
        let gap = [close("2026-01-05", "125"), close("2026-01-17", "129")];
        let warned = validated(text, &known().with_closes(gap));
        assert_eq!((warned.counts.added, warned.counts.warnings), (1, 1));
        let known_gap = known().with_closes(gap);
        let allowed = validate_actions(&rows, &known_gap, Restatements::Allowed);
        assert_eq!(allowed.counts.warnings, 0);
        // The close of the day itself is not known yet.
        let evening = known().with_closes([close("2026-01-05", "500")]);
        assert!(!validated(text, &evening).is_refused());
    }

    #[test]
    fn a_split_without_numbers_is_invalid() {
        let result = validated("symbol,date,kind\nAAPL,2026-01-05,split\n", &known());
        assert!(result.is_refused());
    }
}
