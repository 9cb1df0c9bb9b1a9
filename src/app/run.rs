//! Imports the inbox, fetches missing prices, runs, and notifies.

use std::error::Error;
use std::sync::atomic::AtomicBool;

use super::context::AppContext;
use super::error::AppError;
use super::prices::{FetchedPrices, RequestedCloses};
use super::run_spec::RunSpec;
use crate::engine::{self, EngineError, Outcome, RunEvent, RunObserver, RunRequest};
use crate::import::apply::ApplyError;
use crate::import::inbox::{self, FileLocation, InboxFile};
use crate::notify::{Notifier, NotifyContext};
use crate::query::{ConcernInputs, QueryError};
use crate::report;
use crate::store::Progress;

/// A surface that starts a run: it shows the steps of the run, and can cancel it.
pub trait RunSurface: Sync {
    /// Returns the flag that cancels the run after its current transaction.
    fn cancel(&self) -> &AtomicBool;

    /// Returns the channels to notify.
    fn notifier(&self) -> &Notifier;

    /// Shows the outcome of a file of the inbox.
    fn on_inbox_file(&self, file: &InboxFile);

    /// Shows that the inbox could not be imported, and decides whether the run is made without it.
    ///
    /// # Errors
    ///
    /// The same error, if there is to be no run.
    fn on_inbox_error(&self, error: ApplyError) -> Result<(), ApplyError>;

    /// Shows the result of a request for missing prices.
    fn on_prices(&self, fetched: &FetchedPrices);

    /// Shows a name that is skipped because no portfolio has it.
    fn on_unknown_portfolio(&self, _name: &str) {}

    /// Shows the progress after a commit.
    fn on_progress(&self, _progress: &Progress) {}

    /// Handles an event of the run.
    fn on_event(&self, _event: &RunEvent<'_>) {}

    /// Handles the end of the run, failed or not. Its notifications are in the outbox.
    fn on_end(&self) {}
}

impl AppContext {
    /// Imports the inbox, fetches the prices that are still missing, then makes the run of these words
    /// on the database as it is then.
    ///
    /// A refused file and a command that fails do not stop the run; [`RunSurface::on_inbox_error`]
    /// decides whether an inbox that cannot be imported does.
    ///
    /// # Errors
    ///
    /// Words that do not go together, before anything is imported; those of the inbox, of the names
    /// and of the run.
    pub fn import_and_run(
        &self,
        spec: &RunSpec,
        surface: &dyn RunSurface,
    ) -> Result<Outcome, AppError> {
        spec.check()?;
        let imported = self.import_inbox(&|file| surface.on_inbox_file(file));
        let imported = imported.and_then(|()| self.fetch_prices_for(surface));
        if let Err(error) = imported {
            surface
                .on_inbox_error(error)
                .inspect_err(|error| self.notify_not_started(spec, surface, error))?;
        }
        let resolved = self.resolve(spec).inspect_err(|error| {
            // The nightly run of a database that lost its portfolios must not end unnoticed.
            if let AppError::Query(error @ QueryError::NoActivePortfolio { .. }) = error {
                self.notify_not_started(spec, surface, error);
            }
        })?;
        for name in &resolved.unknown {
            surface.on_unknown_portfolio(name);
        }
        Ok(self.run(&resolved.run_request, surface)?)
    }

    /// Fetches missing prices. If they cannot be found, the run meets the same error and reports it.
    fn fetch_prices_for(&self, surface: &dyn RunSurface) -> Result<(), ApplyError> {
        match self.fetch_prices(RequestedCloses::Open, surface.cancel()) {
            Ok(fetched) => {
                fetched
                    .iter()
                    .for_each(|fetched| surface.on_prices(fetched));
                Ok(())
            }
            Err(AppError::Import(error)) => Err(error),
            Err(error) => {
                tracing::warn!("failed to fetch prices: {error}");
                Ok(())
            }
        }
    }

    /// Makes a run, and writes its notifications to the outbox. A failed run notifies too.
    ///
    /// # Errors
    ///
    /// Those of [`engine::run`].
    pub fn run(
        &self,
        run_request: &RunRequest,
        surface: &dyn RunSurface,
    ) -> Result<Outcome, EngineError> {
        let notifications = surface.notifier().for_run(run_request);
        let observer = RunObserver {
            cancel: surface.cancel(),
            on_progress: &|progress| surface.on_progress(progress),
            on_event: &|event| {
                surface.on_event(event);
                notifications.on_event(event);
            },
            ..RunObserver::unobserved(surface.cancel())
        };
        let (store, settings, environment) = (&self.store, &self.settings, &self.environment);
        let outcome = engine::run(store, run_request, settings, environment, &observer);
        if let Err(EngineError::Store(error)) = &outcome {
            self.note_damage(error);
        }
        notifications.on_end(
            self.notify_context(&self.concern_inputs()),
            outcome.as_ref(),
        );
        surface.on_end();
        outcome
    }

    /// Sends notifications that the requested run was not started.
    fn notify_not_started(&self, spec: &RunSpec, surface: &dyn RunSurface, error: &dyn Error) {
        let spec = RunSpec {
            allow_empty: true,
            ..spec.clone()
        };
        // A request that cannot be resolved has no run to report.
        let Ok(resolved) = self.resolve(&spec) else {
            return;
        };
        let notifications = surface.notifier().for_run(&resolved.run_request);
        notifications.on_not_started(self.notify_context(&self.concern_inputs()), error);
        surface.on_end();
    }

    fn notify_context<'c>(&'c self, concern_inputs: &'c ConcernInputs) -> NotifyContext<'c> {
        NotifyContext {
            store: &self.store,
            settings: &self.settings,
            environment: &self.environment,
            concern_inputs,
        }
    }

    /// Creates the folders of the inbox, if one is configured, so that files can be dropped there.
    ///
    /// # Errors
    ///
    /// A folder cannot be created.
    pub fn create_inbox(&self) -> Result<(), ApplyError> {
        self.inbox.as_deref().map_or(Ok(()), inbox::create_folders)
    }

    /// Imports the new files of the inbox, if one is configured. `on_file` gets the outcome of each.
    ///
    /// # Errors
    ///
    /// The store cannot be written, a folder cannot be listed or created, or a file cannot be moved. A
    /// refused file is not an error.
    pub fn import_inbox(&self, on_file: &dyn Fn(&InboxFile)) -> Result<(), ApplyError> {
        let Some(folder) = &self.inbox else {
            return Ok(());
        };
        let mut writer = self.store.writer()?;
        let (context, report) = (self.import_context(), &report::inbox_report);
        let imported = inbox::import_inbox(&mut writer, folder, &context, report);
        if let Err(ApplyError::Store(error)) = &imported {
            self.note_damage(error);
        }
        let files = imported?;
        files.iter().for_each(on_file);
        let mut unmoved = files.into_iter().filter_map(|file| match file.location {
            FileLocation::MoveFailed(source) => Some(ApplyError::Unmoved {
                name: file.name,
                source,
            }),
            _ => None,
        });
        unmoved.next().map_or(Ok(()), Err)
    }
}
