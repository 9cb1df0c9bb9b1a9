//! Computes the values that a run is told: as placeholders of its command, or as JSON.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::access::ScratchAccess;
use super::command::start;
use super::error::JobError;
use super::job_file::{Commands, JobCommand};
use super::request::JobRequest;
use super::state::JobState;
use super::write_values::{id_text, instant_text};
use crate::domain::{Day, Scope};
use crate::plan::Plan;
use crate::process::RunningProcess;

/// The values of a run.
#[derive(Debug)]
pub(super) struct RequestValues {
    /// The name of the command: `run`, `scope`, `force` or `onboard`.
    command: &'static str,
    access: ScratchAccess,
    target: Day,
    from: Day,
    to: Day,
    portfolios: Vec<String>,
    now: String,
    now_utc: String,
    today: Day,
    faketime: String,
}

impl RequestValues {
    pub(super) fn new(
        state: &JobState<'_>,
        request: &JobRequest<'_>,
        plan: &Plan,
    ) -> Result<Self, JobError> {
        let scheme = state.job.database.url_scheme();
        let access = ScratchAccess::to_database(state.scratch.database(), scheme);
        let target = plan.target.day;
        let (from, to) = match request.force {
            Some(range) => (range.first(), range.last()),
            None => {
                let inceptions = state.portfolios.values();
                let inceptions = inceptions.map(|portfolio| portfolio.lifecycle.inception());
                let from = request.plan.from.or(inceptions.min()).unwrap_or(target);
                (from, request.plan.to.unwrap_or(target))
            }
        };
        let local = state.now.with_timezone(&state.settings.calendar.zone());
        Ok(Self {
            command: command_name(&state.job.commands, request.command),
            access,
            target,
            from,
            to,
            portfolios: portfolios(state, request),
            now: local.to_rfc3339_opts(SecondsFormat::Secs, false),
            now_utc: state.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            today: state.today()?.date,
            faketime: instant_text(state.now),
        })
    }

    /// Starts a command with the values in its placeholders.
    pub(super) fn start(
        &self,
        state: &JobState<'_>,
        command: &JobCommand,
    ) -> Result<RunningProcess, JobError> {
        let days = [self.target, self.from, self.to, self.today].map(|day| day.to_string());
        let [target, from, to, today] = &days;
        let portfolios = self.portfolios.join(",");
        let values = [
            ("target", target.as_str()),
            ("from", from),
            ("to", to),
            ("portfolios", &portfolios),
            ("now", &self.now),
            ("now_utc", &self.now_utc),
            ("today", today),
        ];
        let faketime = Some(self.faketime.as_str());
        start(state.job, command, &self.access, &values, faketime)
    }

    /// Returns the values as the request of a served run.
    pub(super) fn json(&self) -> Value {
        let mut json = json!({
            "command": self.command,
            "target": self.target,
            "from": self.from,
            "to": self.to,
            "portfolios": self.portfolios,
            "now": self.now,
            "now_utc": self.now_utc,
            "today": self.today,
        });
        for (name, value) in &self.access.arguments {
            json[name] = Value::from(value.as_str());
        }
        json
    }
}

fn command_name(commands: &Commands, command: &JobCommand) -> &'static str {
    let is = |other: &Option<JobCommand>| {
        other
            .as_ref()
            .is_some_and(|other| std::ptr::eq(other, command))
    };
    match () {
        () if is(&commands.scope) => "scope",
        () if is(&commands.force) => "force",
        () if is(&commands.onboard) => "onboard",
        () => "run",
    }
}

/// Returns the ids of the portfolios in scope as the tables have them, unknown ones at the end.
fn portfolios(state: &JobState<'_>, request: &JobRequest<'_>) -> Vec<String> {
    let scope = &request.plan.scope;
    // A scope of unknown ids only has no known member.
    let has_members = request.unknown_ids.is_empty() || *scope != Scope::AllActive;
    let members = state.portfolios.values().filter(|portfolio| {
        let is_in_scope = match scope {
            Scope::AllActive => portfolio.lifecycle.is_active(),
            Scope::Only(_) => scope.contains(portfolio.id),
        };
        has_members && is_in_scope
    });
    let members = members.map(|portfolio| id_text(portfolio, state.job.ids));
    members.chain(request.unknown_ids.iter().cloned()).collect()
}
