//! Validates changes of symbols. All of a file come first, in the order of their days: its other rows
//! name securities by their symbols afterwards.

use std::collections::BTreeMap;

use super::row::ActionRow;
use crate::domain::{Change, Correction, Currency, Day, Security, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::Rows;
use crate::import::verdict::{SeenRows, Verdict, validate_repeat};

/// The changes of symbols of a file.
#[derive(Default)]
pub(super) struct SymbolChanges {
    /// The verdicts by line.
    pub(super) verdicts: BTreeMap<u64, Result<Verdict, Vec<RowError>>>,
    /// Securities that change, with all of their changes.
    pub(super) changes: Vec<Correction<Security>>,
    /// The existing records with these changes; `None` without one.
    pub(super) known: Option<ExistingRecords>,
}

/// A row that gives a security another symbol.
struct SymbolRow<'r> {
    line: u64,
    symbol: &'r str,
    day: Day,
    new_symbol: &'r str,
}

pub(super) fn validate(rows: &Rows<ActionRow>, known: &ExistingRecords) -> SymbolChanges {
    let found = rows.lines.iter().filter_map(|line| {
        let row = line.row.as_ref().ok()?;
        Some(SymbolRow {
            line: line.number,
            symbol: &row.symbol,
            day: row.day,
            new_symbol: row.new_symbol()?,
        })
    });
    let mut found: Vec<_> = found.collect();
    if found.is_empty() {
        return SymbolChanges::default();
    }
    found.sort_by_key(|row| (row.day, row.line));
    let mut changing = known.clone();
    let mut verdicts = BTreeMap::new();
    let mut seen = SeenRows::new();
    let mut changed = BTreeMap::new();
    for row in found {
        let verdict = validate_row(&row, &changing, &mut seen);
        let verdict = verdict.map(|(verdict, now)| {
            if let Some(now) = now {
                changing = std::mem::take(&mut changing).with_securities([now.clone()]);
                changed.insert(now.id, now);
            }
            verdict
        });
        verdicts.insert(row.line, verdict);
    }
    let changes = changed.into_values().filter_map(|now| {
        let was = known.security_with_id(now.id)?.clone();
        Some(Correction { was, now })
    });
    SymbolChanges {
        verdicts,
        changes: changes.collect(),
        known: Some(changing),
    }
}

type SeenChanges = SeenRows<(SecurityId, Day), String>;

/// Returns the verdict on a row, and the security with its new symbol if that is a change.
fn validate_row(
    row: &SymbolRow<'_>,
    known: &ExistingRecords,
    seen: &mut SeenChanges,
) -> Result<(Verdict, Option<Security>), Vec<RowError>> {
    let (day, new) = (row.day, row.new_symbol.to_owned());
    let refuse = |kind| vec![RowError::in_column("new_symbol", &new, kind)];
    if row.symbol == new {
        return Err(refuse(RowErrorKind::SymbolUnchanged(new.clone())));
    }
    for symbol in [row.symbol, &new] {
        if Currency::parse_pair(symbol).is_some() {
            return Err(refuse(RowErrorKind::SymbolOfPair(symbol.to_owned())));
        }
    }
    let security = known
        .require_security(row.symbol, day.previous())
        .map_err(|reason| vec![RowError::in_column("symbol", row.symbol, reason)])?;
    if let Some((line, earlier)) = seen.insert((security.id, day), row.line, &new) {
        let differs = Change::between("new_symbol", &earlier, &new);
        return Ok((validate_repeat(line, differs.into_iter().collect())?, None));
    }
    let is_known = (security.former_symbols.iter()).any(|former| former.until == day);
    let was = security.symbol_on(day);
    if is_known && was == new {
        return Ok((Verdict::Same, None));
    }
    let now = security.with_symbol_from(day, &new);
    check_symbols(security, &now, known).map_err(refuse)?;
    let differs = Change::between("new_symbol", &was, &new.as_str());
    let verdict = match differs.filter(|_| is_known) {
        Some(differs) => Verdict::Corrected(vec![differs]),
        None => Verdict::Added,
    };
    Ok((verdict, Some(now)))
}

/// Refuses symbols of which another security has one on the same day, or which the risk model would
/// find in another security than before.
pub(in crate::import) fn check_symbols(
    was: &Security,
    now: &Security,
    known: &ExistingRecords,
) -> Result<(), RowErrorKind> {
    let others = || known.securities().filter(|other| other.id != now.id);
    let shared = others().find_map(|other| now.symbol_shared_with(other));
    // A place among the others in the order of sums is taken by the first symbol.
    let first = || now.symbol_order().0;
    let moved = || (!was.keeps_symbol_order(now, others())).then(first);
    if let Some(symbol) = shared.or_else(moved) {
        return Err(RowErrorKind::SymbolTaken {
            symbol: symbol.to_owned(),
        });
    }
    let mut symbols = was.all_symbols().chain(now.all_symbols());
    let moved = symbols.find(|symbol| {
        let named = |own| Security::with_symbol(others().chain([own]), symbol);
        let (before, after) = (named(was), named(now));
        // A symbol without a security before gives the model one, which no figure used.
        known.is_in_model(symbol)
            && before.is_some_and(|before| after.is_none_or(|after| after.id != before.id))
    });
    match moved {
        Some(symbol) => Err(RowErrorKind::SymbolInModel {
            symbol: symbol.to_owned(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RiskModel, Split};
    use crate::import::actions::{ActionChanges, read_actions, validate_actions};
    use crate::import::options::{ImportOptions, Restatements};
    use crate::import::sample::{day, security};
    use crate::import::verdict::Validated;

    fn known() -> ExistingRecords {
        let fund = security(1, "META").with_symbol_from(day("2022-01-31"), "METV");
        ExistingRecords::default().with_securities([fund, security(2, "FB"), security(3, "AAPL")])
    }

    fn validated(rows: &str, known: &ExistingRecords) -> Validated<ActionChanges> {
        let text = format!("symbol,date,kind,new_symbol,ratio\n{rows}");
        let rows = read_actions("a.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        validate_actions(&rows, known, Restatements::Refused)
    }

    fn after(validated: Validated<ActionChanges>) -> ExistingRecords {
        let changed = validated.changes.unwrap().symbols;
        known().with_securities(changed.into_iter().map(|change| change.now))
    }

    #[test]
    fn a_symbol_changes_once_and_can_be_corrected() {
        let row = "FB,2022-06-09,symbol-change,META,\n";
        let added = validated(row, &known());
        assert_eq!(added.verdicts[0].verdict, Verdict::Added);
        let renamed = after(added);
        assert_eq!(validated(row, &renamed).verdicts[0].verdict, Verdict::Same);
        let other = validated("FB,2022-06-09,symbol-change,MVRS,\n", &renamed);
        assert_eq!(other.counts.corrected, 1);
        let now = &other.changes.unwrap().symbols[0].now;
        assert_eq!((now.symbol.as_str(), now.former_symbols.len()), ("MVRS", 1));
    }

    #[test]
    fn other_rows_of_the_file_name_the_new_symbol_from_its_day_on() {
        let text = "META,2023-01-03,split,,2:1\nFB,2022-06-09,symbol-change,META,\nFB,2022-06-08,split,,3:1\n";
        let result = validated(text, &known());
        assert_eq!(result.counts.invalid, 0, "{:?}", result.verdicts);
        let splits = result.changes.unwrap().splits;
        let of: Vec<_> = splits.iter().map(|change| change.split).collect();
        assert!(
            of.iter()
                .all(|Split { security, .. }| *security == SecurityId(2))
        );
        let wrong = validated(
            "FB,2022-06-09,symbol-change,META,\nFB,2022-06-09,split,,2:1\n",
            &known(),
        );
        assert_eq!(wrong.counts.invalid, 1);
    }

    #[test]
    fn impossible_symbols_are_refused() {
        for row in [
            "FB,2022-06-09,symbol-change,FB,",
            "FB,2022-06-09,symbol-change,AAPL,",
            "FB,2022-01-28,symbol-change,META,",
            "FB,2022-06-09,symbol-change,EURUSD,",
            "FB,2022-06-09,symbol-change,,",
            "FB,2022-06-09,symbol-change,META,2:1",
            "FB,2022-06-09,split,META,2:1",
            "METV,2022-01-10,symbol-change,METX,",
        ] {
            assert!(
                validated(&format!("{row}\n"), &known()).is_refused(),
                "{row}"
            );
        }
    }

    #[test]
    fn a_symbol_of_the_risk_model_stays_with_its_security() {
        let model = RiskModel {
            benchmark: Some("META".to_owned()),
            ..RiskModel::default()
        };
        let row = "FB,2022-06-09,symbol-change,META,\n";
        // The model means the fund, which was the last one with that symbol.
        assert!(validated(row, &known().with_model(&model)).is_refused());
        let model = RiskModel {
            benchmark: Some("FB".to_owned()),
            ..model
        };
        assert!(!validated(row, &known().with_model(&model)).is_refused());
    }
}
