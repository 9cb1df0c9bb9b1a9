//! Looks whether a run is due or called for, and has it made.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::due::{Closes, Due, Refused, due};
use super::news::News;
use crate::domain::Day;
use crate::engine::survey_and_plan;
use crate::import::inbox;
use crate::query::ALL_ACTIVE;
use crate::serve::asked::Selection;
use crate::serve::desk::Desk;
use crate::serve::http::Problem;
use crate::serve::runner::{self, Ended, Runner, Started};
use crate::store::{Revision, RunState};

/// How often it is looked whether a run is due.
const LOOKS: Duration = Duration::from_secs(30);
/// Among how many runs it is looked for one that was made by another process.
const LAST_RUNS: u32 = 20;

/// Starts runs.
#[derive(Debug)]
pub(in crate::serve) struct Scheduler {
    desk: Arc<Desk>,
    /// Up to which session the last run was made.
    made_up_to: Option<Day>,
    refused: Option<Refused>,
    news: News,
    /// What was said last of why nothing can be scheduled.
    said: String,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A run was made.
    Ran(Ended),
    /// Nothing is to be done before then, as far as is known.
    Rested(DateTime<Utc>),
    /// A run was due and could not be made.
    Refused,
    /// When a run is due can't be told.
    Lost,
}

impl Scheduler {
    pub(in crate::serve) fn new(desk: &Arc<Desk>) -> Self {
        Self {
            desk: Arc::clone(desk),
            made_up_to: None,
            refused: None,
            news: News::default(),
            said: String::new(),
        }
    }

    /// Looks again and again, until the server is to end.
    pub(in crate::serve) async fn keep(mut self) {
        let mut stopping = self.desk.stopping();
        loop {
            self.look().await;
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                // Short steps, so that a clock that is set and a machine that slept are noticed.
                () = tokio::time::sleep(LOOKS) => {}
            }
        }
    }

    /// Looks once, and waits for the run that it starts.
    pub(super) async fn look(&mut self) -> Look {
        let looked = self.look_closely().await;
        looked.unwrap_or_else(|problem| self.lost(&problem))
    }

    async fn look_closely(&mut self) -> Result<Look, Problem> {
        match self.due()? {
            Due::Now(session) if self.was_made_elsewhere(session).await? => {
                self.made_up_to = Some(session);
                Ok(self.rest())
            }
            Due::Now(session) => Ok(self.run(session).await),
            Due::At(_) if self.refused.is_none() && self.is_news().await? => {
                match self.made_up_to {
                    Some(session) => Ok(self.run(session).await),
                    None => Ok(self.rest()),
                }
            }
            Due::At(_) => Ok(self.rest()),
        }
    }

    fn due(&self) -> Result<Due, Problem> {
        let served = &self.desk.served;
        let closes = Closes {
            calendar: &served.engine.calendar,
            grace: served.engine.grace,
        };
        let now = served.environment.clock.now();
        Ok(due(closes, self.made_up_to, self.refused, now)?)
    }

    /// Says when the next run is due.
    fn rest(&mut self) -> Look {
        let now = self.desk.served.environment.clock.now();
        match self.due() {
            Ok(due) => {
                let at = match due {
                    Due::At(at) => at,
                    Due::Now(_) => now,
                };
                self.desk.next_run.send_replace(Some(at));
                self.said.clear();
                Look::Rested(at)
            }
            Err(problem) => self.lost(&problem),
        }
    }

    /// Says once why it can't be told when a run is due.
    fn lost(&mut self, problem: &Problem) -> Look {
        self.desk.next_run.send_replace(None);
        if self.said != problem.detail {
            tracing::error!("no run can be scheduled: {}", problem.detail);
            self.said.clone_from(&problem.detail);
        }
        Look::Lost
    }

    /// Whether a run of another process was made up to `session` for everybody.
    async fn was_made_elsewhere(&self, session: Day) -> Result<bool, Problem> {
        let runs = self
            .desk
            .ask(|desk| desk.served.store.read(|reading| reading.runs(LAST_RUNS)));
        Ok(runs.await?.iter().any(|run| {
            let ended = matches!(run.state, RunState::Complete | RunState::Incomplete);
            ended && run.scope == ALL_ACTIVE && run.target >= session
        }))
    }

    /// Whether something changed since the last run, so that there is work for one.
    async fn is_news(&mut self) -> Result<bool, Problem> {
        let revision = match self.take_in().await {
            Ok(revision) => revision,
            // Another run is at work: what changed is looked into when it is through.
            Err(problem) if problem.is_busy() => return Ok(false),
            Err(problem) => return Err(problem),
        };
        if !self.news.settles(revision) {
            return Ok(false);
        }
        self.desk.ask(has_work).await
    }

    /// Takes in what lies in the inbox, and gives the revision of the sources with it.
    async fn take_in(&self) -> Result<Revision, Problem> {
        self.desk
            .ask(|desk| {
                let served = &desk.served;
                let environment = &served.environment;
                served
                    .store
                    .read(|reading| reading.ensure_no_live_lease(environment))?;
                if let Some(folder) = &served.inbox
                    && inbox::has_ready_files(folder, &served.terms())
                {
                    runner::take_in(desk, folder);
                }
                served.store.read(|reading| reading.revision())
            })
            .await
    }

    async fn run(&mut self, session: Day) -> Look {
        match self.start().await {
            Ok(started) => {
                tracing::info!("run {} was started by the schedule", started.run);
                let ended = started.end.await.unwrap_or(Ended::Broken);
                match ended {
                    Ended::InState(_) => {
                        self.made_up_to = self.made_up_to.max(Some(session));
                        self.refused = None;
                    }
                    Ended::Broken => self.count_refusal(),
                }
                self.rest();
                Look::Ran(ended)
            }
            Err(problem) if problem.is_busy() => {
                // It may do what this one would have; it is looked at again in a minute.
                self.refused = None;
                self.count_refusal();
                self.rest();
                Look::Refused
            }
            Err(problem) => {
                tracing::error!("a run was due and could not be made: {}", problem.detail);
                self.count_refusal();
                self.rest();
                Look::Refused
            }
        }
    }

    async fn start(&mut self) -> Result<Started, Problem> {
        let revision = self.take_in().await?;
        self.news.known(revision);
        let asked = self
            .desk
            .ask(|desk| Selection::default().resolve(&desk.served));
        Runner::start(&self.desk, asked.await?).await
    }

    fn count_refusal(&mut self) {
        let before = self.refused.map_or(0, |refused| refused.times);
        self.refused = Some(Refused {
            times: before.saturating_add(1),
            last: self.desk.served.environment.clock.now(),
        });
    }
}

/// Whether a run would have something to do.
fn has_work(desk: &Desk) -> Result<bool, Problem> {
    let served = &desk.served;
    let asked = Selection::default().resolve(served)?;
    let now = served.environment.clock.now();
    let planned = served
        .store
        .read(|reading| survey_and_plan(reading, &asked.request, &served.engine, now));
    Ok(planned?.1.step_count() > 0)
}
