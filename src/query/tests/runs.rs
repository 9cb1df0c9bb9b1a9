//! Tests of past runs and their records.

use crate::query::error::QueryError;
use crate::query::fixture::{filled, unfilled};
use crate::query::runs::{run, runs};
use crate::store::RunState;

#[test]
fn the_newest_run_comes_first_and_has_the_alias_last() {
    let fixture = filled();
    let second = fixture.run();
    let listed = runs(&fixture.store, 10).unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].key, second.run);
    assert_eq!(runs(&fixture.store, 1).unwrap().len(), 1);
    assert_eq!(run(&fixture.store, "last").unwrap().row.key, second.run);
}

#[test]
fn a_run_is_found_by_an_id_prefix() {
    let fixture = filled();
    let first = runs(&fixture.store, 1).unwrap()[0].key;
    fixture.run();
    let prefix = first.to_string()[..8].to_uppercase();
    let answer = run(&fixture.store, &prefix).unwrap();
    assert_eq!(answer.row.key, first);
    let certificate = answer.record.unwrap().certificate.unwrap();
    assert!(certificate.is_valid() && certificate.is_complete());
}

#[test]
fn unknown_and_ambiguous_run_ids_are_refused() {
    let fixture = filled();
    fixture.run();
    let error = |which| run(&fixture.store, which).unwrap_err();
    assert!(matches!(error("zzz"), QueryError::UnknownRun(which) if which == "zzz"));
    assert!(
        matches!(error(""), QueryError::AmbiguousRun { candidates, .. } if candidates.len() == 2)
    );
}

#[test]
fn a_database_without_runs_returns_no_runs() {
    let fixture = unfilled();
    assert!(matches!(
        run(&fixture.store, "last"),
        Err(QueryError::NoRuns)
    ));
}

#[test]
fn a_run_that_was_abandoned_has_no_record() {
    let fixture = filled();
    fixture.damage("UPDATE run SET report = '', state = 'abandoned'");
    let answer = run(&fixture.store, "last").unwrap();
    assert_eq!(
        (answer.row.state, answer.record),
        (RunState::Abandoned, None)
    );
}

#[test]
fn an_unreadable_record_is_an_error_with_the_run_id() {
    let fixture = filled();
    fixture.damage("UPDATE run SET report = '{'");
    let key = runs(&fixture.store, 1).unwrap()[0].key;
    let error = run(&fixture.store, "last").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("failed to read the record of run {key}")
    );
}

#[test]
fn portfolios_of_failures_have_names() {
    let fixture = unfilled();
    fixture.damage("UPDATE entry SET security = NULL WHERE reference = 'T1'");
    fixture.run();
    let answer = run(&fixture.store, "last").unwrap();
    assert_eq!(answer.row.state, RunState::Incomplete);
    assert!(!answer.record.unwrap().failures.is_empty());
    assert_eq!(
        answer.names.into_iter().collect::<Vec<_>>(),
        [(1, "Alpha".to_owned())]
    );
}
