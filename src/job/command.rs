//! Starts the commands of a job, with their placeholders and their environment.

use std::process::Command;

use super::access::ScratchAccess;
use super::error::JobError;
use super::job_file::{Commands, Job, JobCommand};
use super::placeholders::{Values, replace};
use super::production::leads_to_database;
use super::spec::CommandLine;
use crate::process::RunningProcess;

/// Starts a command of a job. `faketime` is the time that it reads from the system's clock.
pub(super) fn start(
    job: &Job,
    command: &JobCommand,
    access: &ScratchAccess,
    values: &Values<'_>,
    faketime: Option<&str>,
) -> Result<RunningProcess, JobError> {
    let mut process = process(job, command, access, values);
    if let (Some(library), Some(time)) = (&job.commands.faketime, faketime) {
        process
            .env("LD_PRELOAD", library)
            .env("FAKETIME", format!("@{time}"))
            .env("TZ", "UTC");
    }
    RunningProcess::start(&mut process).map_err(|source| start_error(job, command, source))
}

/// Returns the process of a command, with its working folder and environment. Variables that lead to
/// databases in use are not inherited.
pub(super) fn process(
    job: &Job,
    command: &JobCommand,
    access: &ScratchAccess,
    values: &Values<'_>,
) -> Command {
    let Commands {
        directory,
        environment,
        ..
    } = &job.commands;
    let with = |names: &[(&'static str, String)], text: &str, quote: &dyn Fn(&str) -> String| {
        let names = names.iter().map(|(name, value)| (*name, value.as_str()));
        let values: Vec<_> = names.chain(values.iter().copied()).collect();
        replace(text, &values, quote)
    };
    let argument = |text: &str| with(&access.arguments, text, &str::to_owned);
    let mut process = match &command.command {
        CommandLine::Program(words) => {
            let mut process = Command::new(argument(&words[0]));
            process.args(words[1..].iter().map(|word| argument(word)));
            process
        }
        CommandLine::Shell(text) => {
            let quote = |value: &str| format!("'{}'", value.replace('\'', "'\\''"));
            let mut process = Command::new("sh");
            process.arg("-c").arg(with(&access.arguments, text, &quote));
            process
        }
    };
    process.current_dir(directory);
    for (name, value) in std::env::vars_os() {
        if leads_to_database(&name.to_string_lossy(), &value.to_string_lossy()) {
            process.env_remove(name);
        }
    }
    let variables = access.variables.iter();
    process.envs(variables.map(|(name, value)| (*name, value)));
    for (name, value) in environment {
        process.env(name, with(&access.environment, value, &str::to_owned));
    }
    process
}

/// Returns the error of a command that could not be started or waited for.
pub(super) fn start_error(job: &Job, command: &JobCommand, source: std::io::Error) -> JobError {
    let program = match &command.command {
        CommandLine::Program(words) => words[0].clone(),
        CommandLine::Shell(_) => "sh".to_owned(),
    };
    JobError::Start {
        path: job.path.clone(),
        line: command.line,
        program,
        source,
    }
}
