//! The database, settings and environment that a command or a server works with.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde::Serialize;

use super::error::AppError;
use super::prices::PriceFeed;
use super::run_spec::{ResolvedRun, RunSpec};
use crate::domain::{Day, Scope};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::import::apply::ImportContext;
use crate::import::inbox::{find_unusable_folder, list_rejected, list_waiting};
use crate::import::profile::Profiles;
use crate::plan::{Policy, UnknownIds};
use crate::query::{
    self, Books, CellState, ConcernInputs, ConcernLimits, Explanation, InboxState, LiveRun,
    NamedScope, QueryError, RealizedGains, RejectedFileView, Status, StatusOptions,
    WaitingFileView,
};
use crate::store::{ReadTransaction, Store, StoreError};

/// The database, settings and environment of a command or a server.
#[derive(Debug)]
pub struct AppContext {
    /// The database with the books.
    pub store: Store,
    /// The engine settings of runs, plans and queries.
    pub settings: Settings,
    /// The policy of runs whose words name none.
    pub policy: Policy,
    /// The number of compute threads of runs whose words name none; all processors if `None`.
    pub jobs: Option<NonZeroUsize>,
    /// The folder whose files are imported before a run.
    pub inbox: Option<PathBuf>,
    /// The command that fetches missing closes before a run, if one is configured.
    pub price_feed: Option<PriceFeed>,
    /// The profiles that read files of other programs.
    pub profiles: Profiles,
    /// The limits up to which a state is no concern.
    pub limits: ConcernLimits,
    /// The source of time, ids and process identity.
    pub environment: Environment,
}

/// The books of a portfolio, and the cell that they are asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BooksWithCell {
    /// The books up to the last session that has any.
    #[serde(flatten)]
    pub books: Books,
    /// The newest due cell up to the day asked for, as far as the calendar knows it.
    pub cell: Option<Explanation>,
}

impl AppContext {
    /// Turns the words of a run into its request, in one read transaction.
    ///
    /// # Errors
    ///
    /// Those of [`RunSpec::resolve`]; no portfolio is active, and the words do not allow that.
    pub fn resolve(&self, spec: &RunSpec) -> Result<ResolvedRun, AppError> {
        self.store.read(|reading| self.resolve_in(reading, spec))
    }

    pub(super) fn resolve_in(
        &self,
        reading: &ReadTransaction<'_>,
        spec: &RunSpec,
    ) -> Result<ResolvedRun, AppError> {
        let mut resolved = spec.resolve(reading, self.policy)?;
        resolved.run_request.jobs = resolved.run_request.jobs.or(self.jobs);
        if resolved.run_request.request.scope == Scope::AllActive && !spec.allow_empty {
            let lifecycles = reading.portfolios().lifecycle_index()?;
            if lifecycles.active().is_empty() {
                let deleted = lifecycles.deleted().len();
                return Err(QueryError::NoActivePortfolio { deleted }.into());
            }
        }
        Ok(resolved)
    }

    /// Returns the scope of these names; all active portfolios if there are none.
    ///
    /// # Errors
    ///
    /// A name is unknown or ambiguous, or the store cannot be read.
    pub fn scope(&self, names: &[String]) -> Result<Scope, QueryError> {
        match names {
            [] => Ok(Scope::AllActive),
            names => Ok(self.named_scope(names)?.scope),
        }
    }

    fn named_scope(&self, names: &[String]) -> Result<NamedScope, QueryError> {
        let resolve = |reading: &ReadTransaction<'_>| {
            query::resolve_names(reading, names, UnknownIds::Refuse)
        };
        self.store.read(resolve)
    }

    /// Returns the scope of these names like [`AppContext::scope`], without deleted portfolios.
    ///
    /// # Errors
    ///
    /// Those of [`AppContext::scope`]; a name is that of a deleted portfolio.
    pub fn active_scope(&self, names: &[String]) -> Result<Scope, QueryError> {
        if names.is_empty() {
            return Ok(Scope::AllActive);
        }
        let named = self.named_scope(names)?;
        match named.deleted.is_empty() {
            true => Ok(named.scope),
            false => Err(QueryError::DeletedPortfolios(named.deleted)),
        }
    }

    /// Returns the status of a scope. Damage that its grid shows is recorded, so that the concerns
    /// of this status and of the next ones have it.
    ///
    /// # Errors
    ///
    /// Those of [`query::status`].
    pub fn status(&self, scope: &Scope, options: StatusOptions) -> Result<Status, QueryError> {
        let status = self.read_status(scope, options)?;
        let Some((portfolio, day)) = status.unnoted_damage() else {
            return Ok(status);
        };
        self.note_missing_output(portfolio, day);
        self.read_status(scope, options)
    }

    fn read_status(&self, scope: &Scope, options: StatusOptions) -> Result<Status, QueryError> {
        query::status(
            &self.store,
            &self.settings,
            &self.environment,
            scope,
            options,
            &self.concern_inputs(),
        )
    }

    /// Lists the inbox, looks at the log, and returns the limits and outside facts that concerns depend on.
    pub fn concern_inputs(&self) -> ConcernInputs {
        ConcernInputs {
            limits: self.limits,
            inbox: self.inbox_state(),
            has_price_feed: self.price_feed.is_some(),
            held_log: self.store.held_log().unwrap_or_else(|error| {
                // Damage becomes a concern; another error of the database fails the query itself.
                tracing::warn!("failed to look at the log: {error}");
                self.note_damage(&error);
                None
            }),
        }
    }

    fn inbox_state(&self) -> InboxState {
        let Some(inbox) = &self.inbox else {
            return InboxState::NotConfigured;
        };
        // What keeps the next import from beginning.
        if let Some((path, error)) = find_unusable_folder(inbox) {
            let error = error.to_string();
            return InboxState::Unreadable { path, error };
        }
        let now = self.environment.clock.now();
        let listed =
            list_rejected(inbox).and_then(|rejected| Ok((rejected, list_waiting(inbox, now)?)));
        match listed {
            Ok((rejected, waiting)) => InboxState::Listed {
                rejected: rejected
                    .into_iter()
                    .map(|file| RejectedFileView {
                        path: file.path,
                        report: file.report,
                    })
                    .collect(),
                waiting: waiting
                    .into_iter()
                    .map(|file| WaitingFileView {
                        path: file.path,
                        reason: file.reason.text(),
                    })
                    .collect(),
            },
            Err(error) => InboxState::Unreadable {
                path: inbox.clone(),
                error: error.to_string(),
            },
        }
    }

    /// Explains the cell of the portfolio with this id or name.
    ///
    /// # Errors
    ///
    /// Those of [`query::resolve_portfolio`] and [`query::explain`].
    pub fn explain(&self, portfolio: &str, day: Day) -> Result<Explanation, QueryError> {
        let portfolio = query::resolve_portfolio(&self.store, portfolio)?;
        let (settings, environment) = (&self.settings, &self.environment);
        let cell = (&portfolio, day);
        let explained = query::explain(&self.store, settings, environment, &self.limits, cell)?;
        self.note_if_damaged(&explained);
        Ok(explained)
    }

    /// Reads books like [`AppContext::books`], and explains the cell that they are asked for.
    ///
    /// # Errors
    ///
    /// Those of [`AppContext::books`] and [`query::explain_newest`].
    pub fn books_with_cell(
        &self,
        portfolio: &str,
        as_of: Option<Day>,
        sessions: Option<usize>,
    ) -> Result<BooksWithCell, QueryError> {
        let portfolio = query::resolve_portfolio(&self.store, portfolio)?;
        let (store, settings) = (&self.store, &self.settings);
        let (environment, asked) = (&self.environment, (&portfolio, as_of));
        let books = query::books(store, settings, &portfolio, as_of, sessions)?;
        let cell = query::explain_newest(store, settings, environment, &self.limits, asked)?;
        if let Some(cell) = &cell {
            self.note_if_damaged(cell);
        }
        Ok(BooksWithCell { books, cell })
    }

    /// Records damage if the ledger has an output of the cell as done that is missing.
    fn note_if_damaged(&self, explained: &Explanation) {
        if explained.state() == CellState::Damaged {
            self.note_missing_output(&explained.portfolio.name, explained.day);
        }
    }

    fn note_missing_output(&self, portfolio: &str, day: Day) {
        let finding = format!("an output of {portfolio} on {day} is missing");
        self.note_damage(&StoreError::Damaged(finding));
    }

    /// Reads the books of the portfolio with this id or name, over the last `sessions` sessions up
    /// to `as_of`.
    ///
    /// # Errors
    ///
    /// Those of [`query::resolve_portfolio`] and [`query::books`].
    pub fn books(
        &self,
        portfolio: &str,
        as_of: Option<Day>,
        sessions: Option<usize>,
    ) -> Result<Books, QueryError> {
        let portfolio = query::resolve_portfolio(&self.store, portfolio)?;
        query::books(&self.store, &self.settings, &portfolio, as_of, sessions)
    }

    /// Lists the lots that the portfolio with this id or name closed, up to `as_of`.
    ///
    /// # Errors
    ///
    /// Those of [`query::resolve_portfolio`] and [`query::realized_gains`].
    pub fn realized_gains(
        &self,
        portfolio: &str,
        as_of: Option<Day>,
    ) -> Result<RealizedGains, QueryError> {
        let portfolio = query::resolve_portfolio(&self.store, portfolio)?;
        query::realized_gains(&self.store, &self.settings, &portfolio, as_of)
    }

    /// Returns the run that is active in this or another process, from the lease.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn live_run(&self) -> Result<Option<LiveRun>, QueryError> {
        query::live_run(&self.store, &self.environment)
    }

    /// Returns the context in which files are imported.
    pub fn import_context(&self) -> ImportContext<'_> {
        ImportContext {
            calendar: &self.settings.calendar,
            now: self.environment.clock.now(),
            profiles: &self.profiles,
        }
    }
}
