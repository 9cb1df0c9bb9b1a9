//! Reads the terms of a corporate action, and validates those of kinds other than splits.

use super::row::{ActionChanges, ActionTerms, OtherTerms, parse_count, parse_ratio};
use crate::domain::{
    ActionChange, ActionKind, ActionName, Change, CorporateAction, CostShare, Day, Delivery, Price,
    Security, SecurityId, SplitKind,
};
use crate::import::existing::ExistingRecords;
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::{OptionalField, RowReader, parse_text};
use crate::import::verdict::{SeenRows, Verdict, validate_repeat};

/// Reads the kind of a row and its terms. A field that the kind does not use is an error.
pub(super) fn read_terms(cells: &mut RowReader<'_>) -> Option<ActionTerms> {
    let kind = cells.required("kind", str::parse::<ActionName>);
    let received = cells.optional("received", parse_text);
    let numbers = cells.numbers;
    let cash = cells.optional("cash", |text| {
        numbers.parse(text).and_then(Price::from_decimal)
    });
    let cost_share = cells.optional("cost_share", |text| -> Result<_, RowErrorKind> {
        Ok(CostShare::from_decimal(numbers.parse(text)?)?)
    });
    let is_split = matches!(kind, Some(ActionName::Split(_)) | None);
    let needs_ratio = is_split || matches!(received, OptionalField::Value(_));
    let ratio = read_ratio(cells, needs_ratio);
    let unused: &[&str] = match kind {
        Some(ActionName::Split(_)) => &["received", "cash", "cost_share", "new_symbol"],
        Some(ActionName::SymbolChange) => &["received", "cash", "cost_share"],
        Some(ActionName::Other(_)) => &["new_symbol"],
        None => &[],
    };
    for column in unused {
        if let OptionalField::Value(value) = cells.raw(column) {
            cells.add_error(column, value, RowErrorKind::UnusedTerm);
        }
    }
    let columns = [
        "received",
        "cash",
        "cost_share",
        "ratio",
        "new",
        "old",
        "new_symbol",
    ];
    if columns.into_iter().any(|column| cells.has_error(column)) {
        return None;
    }
    match kind? {
        ActionName::Split(kind @ SplitKind::Split) => {
            ratio.map(|(new, old)| ActionTerms::Split(kind, new, old))
        }
        // One new unit for 20 held makes 21 of 20.
        ActionName::Split(kind) => {
            let (new, old) = ratio?;
            match new.checked_add(old) {
                Some(after) => Some(ActionTerms::Split(kind, after, old)),
                None => {
                    let text = format!("{new}:{old}");
                    cells.add_error("ratio", &text, RowErrorKind::ImplausibleSplit(text.clone()));
                    None
                }
            }
        }
        ActionName::SymbolChange => {
            let symbol = cells.required("new_symbol", parse_text);
            symbol.map(ActionTerms::SymbolChange)
        }
        ActionName::Other(kind) => {
            let received = match received {
                OptionalField::Value(symbol) => {
                    let (new, old) = ratio?;
                    Some((symbol, new, old))
                }
                _ => None,
            };
            Some(ActionTerms::Other(OtherTerms {
                kind,
                received,
                cash: cash.value(),
                cost_share: cost_share.value(),
            }))
        }
    }
}

/// Reads the ratio, or units after and before. Without `is_needed`, either is an error.
fn read_ratio(cells: &mut RowReader<'_>, is_needed: bool) -> Option<(u32, u32)> {
    if is_needed {
        return match cells.optional("ratio", parse_ratio) {
            OptionalField::Value(ratio) => Some(ratio),
            _ => {
                let new = cells.required("new", parse_count);
                let old = cells.required("old", parse_count);
                new.zip(old)
            }
        };
    }
    for column in ["ratio", "new", "old"] {
        if let OptionalField::Value(text) = cells.raw(column) {
            cells.add_error(column, text, RowErrorKind::UnusedTerm);
        }
    }
    None
}

/// The actions of a file by their keys.
pub(super) type SeenActions =
    SeenRows<(SecurityId, Day, ActionKind, Option<SecurityId>), CorporateAction>;

/// Validates an action that is not a split.
pub(super) fn validate_terms(
    line: u64,
    (day, terms): (Day, &OtherTerms),
    security: &Security,
    known: &ExistingRecords,
    seen: &mut SeenActions,
    changes: &mut ActionChanges,
) -> Result<Verdict, Vec<RowError>> {
    let received = match &terms.received {
        None => None,
        Some((symbol, new, old)) => {
            let found = known.require_security(symbol, day);
            let found =
                found.map_err(|reason| vec![RowError::in_column("received", symbol, reason)])?;
            Some(Delivery {
                security: found.id,
                new: *new,
                old: *old,
            })
        }
    };
    let action = CorporateAction {
        security: security.id,
        day,
        kind: terms.kind,
        received,
        cash: terms.cash,
        cost_share: terms.cost_share,
    };
    let check = action.check();
    check.map_err(|reason| vec![RowError::in_row(RowErrorKind::from(reason))])?;
    if let Some((line, earlier)) = seen.insert(action.key(), line, &action) {
        return validate_repeat(line, difference(&earlier, &action, known));
    }
    let was = known.action(&action);
    let differs = was.map(|was| difference(&was, &action, known));
    if differs.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Verdict::Same);
    }
    changes.actions.push(ActionChange { was, action });
    Ok(differs.map_or(Verdict::Added, Verdict::Corrected))
}

/// Returns the terms in which two actions with the same key differ.
fn difference(
    was: &CorporateAction,
    now: &CorporateAction,
    known: &ExistingRecords,
) -> Vec<Change> {
    let text = |term: Option<String>| term.unwrap_or_else(|| "none".to_owned());
    let received = |action: &CorporateAction| {
        let delivery = action.received?;
        let security = known.security_with_id(delivery.security);
        let symbol = security.map_or("", |security| security.symbol.as_str());
        Some(delivery.terms(symbol))
    };
    let cash = |action: &CorporateAction| action.cash.map(|cash| cash.to_string());
    let share = |action: &CorporateAction| action.cost_share.map(|share| share.to_string());
    let changes = [
        Change::between("received", &text(received(was)), &text(received(now))),
        Change::between("cash", &text(cash(was)), &text(cash(now))),
        Change::between("cost_share", &text(share(was)), &text(share(now))),
    ];
    changes.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use crate::domain::ActionKind;
    use crate::import::actions::{read_actions, validate_actions};
    use crate::import::existing::ExistingRecords;
    use crate::import::options::{ImportOptions, Restatements};
    use crate::import::sample::security;
    use crate::import::verdict::Verdict;

    const HEADER: &str = "symbol,date,kind,received,ratio,cash,cost_share\n";

    fn known() -> ExistingRecords {
        ExistingRecords::default().with_securities([security(1, "PAR"), security(2, "KID")])
    }

    fn validated(
        rows: &str,
        known: &ExistingRecords,
    ) -> crate::import::verdict::Validated<crate::import::actions::ActionChanges> {
        let text = format!("{HEADER}{rows}");
        let rows = read_actions("a.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
        validate_actions(&rows, known, Restatements::Refused)
    }

    #[test]
    fn each_kind_is_read_with_its_terms() {
        let rows = "PAR,2026-01-05,return-of-capital,,,1.25,\n\
                    PAR,2026-01-06,spin-off,KID,1:4,,0.25\n\
                    PAR,2026-01-07,rights,KID,1:10,,\n\
                    PAR,2026-01-08,merger,KID,2:3,5,\n\
                    PAR,2026-01-09,delisting,,,0,\n\
                    KID,2026-01-09,cash-in-lieu,,,12.5,\n";
        let changes = validated(rows, &known()).changes.unwrap();
        let kinds: Vec<_> = changes
            .actions
            .iter()
            .map(|change| change.action.kind)
            .collect();
        assert_eq!(kinds, ActionKind::ALL);
        let actions = changes.actions.iter().map(|change| change.action);
        let known = known().with_actions(actions);
        let again = validated(rows, &known);
        assert!(
            again
                .verdicts
                .iter()
                .all(|line| line.verdict == Verdict::Same)
        );
        let corrected = validated("PAR,2026-01-06,spin-off,KID,1:4,,0.3\n", &known);
        assert_eq!(corrected.counts.corrected, 1);
    }

    #[test]
    fn a_stock_dividend_is_the_split_with_its_effect() {
        let changes = validated("PAR,2026-01-05,stock-dividend,,1:20,,\n", &known()).changes;
        let split = changes.unwrap().splits[0].split;
        assert_eq!((split.new, split.old), (21, 20));
    }

    #[test]
    fn terms_that_a_kind_does_not_use_or_lacks_are_refused() {
        for row in [
            "PAR,2026-01-05,split,,2:1,5,",
            "PAR,2026-01-05,stock-dividend,KID,1:20,,",
            "PAR,2026-01-05,return-of-capital,,,,",
            "PAR,2026-01-05,return-of-capital,,2:1,1,",
            "PAR,2026-01-05,spin-off,KID,1:4,,",
            "PAR,2026-01-05,spin-off,KID,1:4,,1.5",
            "PAR,2026-01-05,spin-off,KDI,1:4,,0.5",
            "PAR,2026-01-05,spin-off,PAR,1:4,,0.5",
            "PAR,2026-01-05,merger,,,,",
            "PAR,2026-01-05,merger,KID,,,",
            "PAR,2026-01-05,delisting,,,-1,",
            "PAR,2026-01-05,delisting,,,9000000000000000000,",
            "PAR,2026-01-05,merger,KID,200000:1,,",
            "PAR,2026-01-05,rights,KID,1:200000,,",
            "PAR,2026-01-05,demerger,KID,1:4,,0.5",
        ] {
            assert!(
                validated(&format!("{row}\n"), &known()).is_refused(),
                "{row}"
            );
        }
    }

    #[test]
    fn shares_of_one_day_are_at_most_the_whole_cost() {
        let known = known().with_securities([security(3, "SIB")]);
        let half = "PAR,2026-01-05,spin-off,KID,1:4,,0.5\n";
        let whole = format!("{half}PAR,2026-01-05,spin-off,SIB,1:4,,0.5\n");
        assert!(!validated(&whole, &known).is_refused());
        let beyond = format!("{half}PAR,2026-01-05,rights,SIB,1:4,,0.500000000001\n");
        let refused = validated(&beyond, &known);
        assert!(matches!(&refused.verdicts[1].verdict, Verdict::Invalid(_)));
        let changes = validated(half, &known).changes.unwrap();
        let stored = known.with_actions(changes.actions.iter().map(|change| change.action));
        let more = "PAR,2026-01-05,spin-off,SIB,1:4,,0.6\n";
        assert!(validated(more, &stored).is_refused());
        // The correction of the first comes in the same file.
        let corrected = format!("PAR,2026-01-05,spin-off,KID,1:4,,0.4\n{more}");
        assert!(!validated(&corrected, &stored).is_refused());
        let first = format!("{more}PAR,2026-01-05,spin-off,KID,1:4,,0.4\n");
        assert_eq!(validated(&first, &stored).counts.invalid, 0);
        // What is stored stays for the day, so that none of its rows fits.
        let both = format!("{more}PAR,2026-01-05,spin-off,KID,1:4,,0.45\n");
        assert_eq!(validated(&both, &stored).counts.invalid, 2);
        let other_day = "PAR,2026-01-06,spin-off,SIB,1:4,,0.6\n";
        assert!(!validated(other_day, &stored).is_refused());
    }

    #[test]
    fn two_ends_on_one_day_are_questioned() {
        let rows = "PAR,2026-01-05,merger,KID,1:2,,\nPAR,2026-01-05,delisting,,,0,\nKID,2026-01-05,delisting,,,0,\n";
        let result = validated(rows, &known());
        let warned: Vec<_> = result
            .verdicts
            .iter()
            .map(|line| line.warnings.len())
            .collect();
        assert_eq!(warned, [1, 1, 0]);
        assert_eq!(result.counts.invalid, 0);
    }
}
