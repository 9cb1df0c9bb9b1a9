//! Tests of files of portfolios.

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

const TWO: &str = "id,name,inception,closed\na,Alpha,2026-01-05,\nb,Beta,2026-01-05,2026-03-31\n";

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
            from: None,
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
