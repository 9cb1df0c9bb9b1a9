//! The example jobs for PostgreSQL break the promises that `docs/jobs.md` says.

use std::collections::BTreeSet;

use crate::server::Server;
use crate::table::{broken, check_sqlalchemy_jobs, python_has};

#[test]
fn the_jobs_with_sqlalchemy_break_the_promises_of_the_table_on_postgres() {
    if !python_has("psycopg, sqlalchemy") {
        return;
    }
    let Some(server) = Server::start() else {
        return;
    };
    check_sqlalchemy_jobs("_sqlalchemy_postgres", Some(&server.url("owner")));
}

#[test]
fn the_correct_job_of_psql_keeps_all_promises() {
    let Some(server) = Server::start() else {
        return;
    };
    let broken = broken("every_missing_day_psql", Some(&server.url("owner")), 12);
    assert_eq!(broken, BTreeSet::new());
}
