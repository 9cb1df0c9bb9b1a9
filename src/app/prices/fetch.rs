//! Asks the command for the missing closes, imports its answer as a file of the inbox, and records the
//! result.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use chrono::TimeDelta;

use super::failure::{FailedAnswer, PriceFailure};
use super::fetched::{FetchOutcome, FetchedPrices};
use crate::app::context::AppContext;
use crate::app::error::AppError;
use crate::domain::{Day, SecurityId};
use crate::import::apply::{ApplyError, FileKind, Mode, SourceFile, import_file};
use crate::import::inbox::{self, InboxFile};
use crate::import::{ImportOptions, Refusal};
use crate::query::{self, MissingPrices, REFUSED_FOR};
use crate::report;
use crate::store::{PriceFailureRow, PriceRefusalRow, PriceRequestRow, StoreError};

/// The pause between two requests that no run makes.
pub const REQUEST_PAUSE: TimeDelta = TimeDelta::minutes(30);
/// Number of times that the pause doubles, while no answer is of use.
const MAX_DOUBLINGS: u32 = 4;

/// The closes that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedCloses {
    /// The missing ones but those that had no answer lately.
    Open,
    /// All that are missing.
    All,
}

impl AppContext {
    /// Asks the configured command for missing closes, and imports its answer. `None` without a
    /// command. A command that fails, and an answer that is refused, are no error.
    ///
    /// # Errors
    ///
    /// The missing closes cannot be found, the inbox cannot be written, or the store fails.
    pub fn fetch_prices(
        &self,
        which: RequestedCloses,
        cancel: &AtomicBool,
    ) -> Result<Option<FetchedPrices>, AppError> {
        let Some(feed) = &self.price_feed else {
            return Ok(None);
        };
        let mut missing = self.missing_prices()?;
        if which == RequestedCloses::All {
            missing = missing.with_refused();
        }
        let mut fetched = FetchedPrices {
            symbols: missing.requested.len(),
            requested: missing.requested_closes(),
            received: 0,
            refused_symbols: missing.refused.len(),
            outcome: FetchOutcome::NothingRequested,
        };
        if missing.requested.is_empty() {
            self.forget_failure()?;
            return Ok(Some(fetched));
        }
        let request = report::price_request_lines(&missing.requested);
        let clock = &self.environment.wall_clock;
        match feed.ask(request.as_bytes(), clock, cancel) {
            Ok(answer) => {
                let file = self.import_answer(&answer, &feed.inbox)?;
                let (received, refusals) = self.compare(&missing)?;
                fetched.received = received;
                self.record_answer(file.as_ref(), &refusals)?;
                fetched.outcome = file.map_or(FetchOutcome::NoCloses, |file| {
                    FetchOutcome::Answered(Box::new(file))
                });
            }
            Err(failed) => {
                self.record_failure(&failed)?;
                fetched.outcome = FetchOutcome::Failed(failed);
            }
        }
        Ok(Some(fetched))
    }

    /// Returns the missing closes.
    ///
    /// # Errors
    ///
    /// Those of [`query::missing_prices`].
    pub fn missing_prices(&self) -> Result<MissingPrices, AppError> {
        let missing = query::missing_prices(&self.store, &self.settings, &self.environment);
        Ok(missing?)
    }

    /// Returns whether a request that no run makes may follow the last one: [`REQUEST_PAUSE`] has
    /// passed, or more if answers were of no use. Does not look for missing closes.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn may_request_prices(&self) -> Result<bool, StoreError> {
        if self.price_feed.is_none() {
            return Ok(false);
        }
        let last = self.store.read(|reading| reading.price_requests().last())?;
        let now = self.environment.clock.now();
        let is_recent = last.is_some_and(|last| {
            let doublings = last.setbacks.min(MAX_DOUBLINGS);
            // A clock that was set back must not end the requests.
            (now - last.at).abs() < REQUEST_PAUSE * 2_i32.pow(doublings)
        });
        Ok(!is_recent)
    }

    /// Imports an answer as a file of the inbox. `None` if it has no row.
    fn import_answer(&self, answer: &[u8], inbox: &Path) -> Result<Option<InboxFile>, AppError> {
        let now = self.environment.clock.now();
        let name = now.format("fetched-%Y-%m-%dT%H%M%SZ.csv").to_string();
        let mut text = answer.to_vec();
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let mut writer = self.store.writer()?;
        let (context, report) = (self.import_context(), &report::inbox_report);
        let file = SourceFile {
            kind: FileKind::Prices,
            name: &name,
            bytes: &text,
            options: &ImportOptions::default(),
        };
        // Only a short answer can be a header alone: the others are read once.
        if line_count(answer) < 2
            && let Err(ApplyError::Import(error)) =
                import_file(&mut writer, &file, &context, Mode::DryRun)
            && matches!(error.refusal, Refusal::Empty | Refusal::NoRows)
        {
            return Ok(None);
        }
        let name = (file.kind, file.name);
        let imported = inbox::import_text(&mut writer, inbox, name, &text, &context, report);
        if let Err(ApplyError::Store(error)) = &imported {
            self.note_damage(error);
        }
        Ok(Some(imported?))
    }

    /// Compares the closes that were requested with those that are still missing. Returns the number
    /// of those that are known now, and the refusals.
    fn compare(&self, request: &MissingPrices) -> Result<(usize, Vec<PriceRefusalRow>), AppError> {
        let now = self.environment.clock.now();
        let left = self.missing_prices()?.with_refused();
        let left: BTreeMap<SecurityId, BTreeSet<Day>> = left.requested.into_iter().fold(
            BTreeMap::new(),
            |mut all: BTreeMap<_, BTreeSet<Day>>, closes| {
                all.entry(closes.security).or_default().extend(closes.days);
                all
            },
        );
        let waiting_from = self.first_waiting(request.target);
        let (mut received, mut refusals) = (0, Vec::new());
        for closes in &request.requested {
            let is_left = |day: &&Day| {
                let left = left.get(&closes.security);
                left.is_some_and(|left| left.contains(day))
            };
            let unanswered: Vec<_> = closes.days.iter().filter(is_left).copied().collect();
            received += closes.days.len() - unanswered.len();
            let is_silent = unanswered.len() == closes.days.len();
            let given_up = unanswered.into_iter().filter(|day| *day < waiting_from);
            refusals.extend(given_up.map(|day| PriceRefusalRow {
                security: closes.security,
                day,
                symbol: closes.symbol.clone(),
                at: now,
                is_silent,
            }));
        }
        Ok((received, refusals))
    }

    /// Returns the first of the last sessions on which cells wait for late closes. Those of these are
    /// requested each time: a vendor may have them later in the night, or on the next day.
    fn first_waiting(&self, target: Day) -> Day {
        let sessions = self.settings.calendar.all_sessions();
        let until_target = &sessions[..sessions.partition_point(|day| *day <= target)];
        let wait = self.settings.price_wait.sessions;
        let recent = &until_target[until_target.len().saturating_sub(wait)..];
        recent.first().copied().unwrap_or_else(|| target.next())
    }

    fn record_answer(
        &self,
        file: Option<&InboxFile>,
        refusals: &[PriceRefusalRow],
    ) -> Result<(), StoreError> {
        let now = self.environment.clock.now();
        let is_refused = file.is_some_and(|file| file.first_error().is_some());
        // A page of an error, for one, says nothing about the closes.
        let refusals = match file {
            Some(file) if is_refused && !file.is_imported() => &[],
            _ => refusals,
        };
        let mut writer = self.store.writer()?;
        writer.write(|writing| {
            let requests = writing.price_requests();
            let before = requests.last()?.map_or(0, |last| last.setbacks);
            requests.refuse(refusals, now - REFUSED_FOR)?;
            requests.set(&PriceRequestRow {
                at: now,
                setbacks: if is_refused {
                    before.saturating_add(1)
                } else {
                    0
                },
                failure: None,
            })
        })
    }

    fn record_failure(&self, failed: &FailedAnswer) -> Result<(), StoreError> {
        if failed.failure == PriceFailure::Interrupted {
            return Ok(());
        }
        let now = self.environment.clock.now();
        let mut writer = self.store.writer()?;
        writer.write(|writing| {
            let requests = writing.price_requests();
            let last = requests.last()?;
            let setbacks = last.as_ref().map_or(0, |last| last.setbacks);
            let since = last.and_then(|last| last.failure).map(|known| known.since);
            requests.set(&PriceRequestRow {
                at: now,
                setbacks: setbacks.saturating_add(1),
                failure: Some(PriceFailureRow {
                    since: since.unwrap_or(now),
                    reason: failed.to_string(),
                }),
            })
        })
    }

    /// Forgets a failure once nothing is missing: it has no consequence any more.
    fn forget_failure(&self) -> Result<(), StoreError> {
        let last = self.store.read(|reading| reading.price_requests().last())?;
        let Some(last) = last.filter(|last| last.failure.is_some()) else {
            return Ok(());
        };
        let row = PriceRequestRow {
            setbacks: 0,
            failure: None,
            ..last
        };
        let mut writer = self.store.writer()?;
        writer.write(|writing| writing.price_requests().set(&row))
    }
}

/// Returns the number of lines that are not blank.
fn line_count(answer: &[u8]) -> usize {
    let lines = answer.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.trim_ascii().is_empty()).count()
}
