//! Reads the commands of a job file, and checks that they are told what they need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::database::JobDatabase;
use super::error::JobError;
use super::job_file::{Commands, JobCommand};
use super::production::{named_by_client, named_in_shell, names_server};
use super::reader::Reader;
use super::spec::{CommandLine, CommandsSpec};

/// The time that a command may take, unless the file says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The placeholders of commands that run the job, beside those of the database.
const RUN_NAMES: [&str; 7] = [
    "target",
    "from",
    "to",
    "portfolios",
    "now",
    "now_utc",
    "today",
];

impl Reader<'_> {
    pub(super) fn commands(
        &self,
        commands: CommandsSpec,
        database: &JobDatabase,
        working_folder: &Path,
    ) -> Result<Commands, JobError> {
        let names: Vec<&str> = (database.placeholders().iter().copied())
            .chain(RUN_NAMES)
            .collect();
        let command = |spec: &Option<Spanned<CommandLine>>| {
            let read = |spec| self.command(spec, &names, working_folder).map(Some);
            spec.as_ref().map_or(Ok(None), read)
        };
        let timeout = match &commands.timeout {
            None => DEFAULT_TIMEOUT,
            Some(text) => {
                let timeout = humantime::parse_duration(text.get_ref()).ok();
                let timeout = timeout.filter(|timeout| !timeout.is_zero());
                timeout.ok_or_else(|| {
                    let problem =
                        format!("invalid time `{}` (expected e.g. `60s`)", text.get_ref());
                    self.problem(self.line(text.span()), problem)
                })?
            }
        };
        let mut environment = BTreeMap::new();
        for (name, value) in &commands.environment {
            self.placeholders(value.get_ref(), &names, self.line(value.span()))?;
            self.check_scratch(value.get_ref(), working_folder, self.line(value.span()))?;
            if names_server(name) {
                let problem = match database {
                    JobDatabase::Sqlite => format!("`{name}` leads to a server, not to `{{path}}`"),
                    #[cfg(feature = "postgres")]
                    JobDatabase::Postgres(_) => {
                        format!("`{name}` is set for each scratch database, so leave it out")
                    }
                };
                return Err(self.problem(self.line(value.span()), problem));
            }
            environment.insert(name.clone(), value.get_ref().clone());
        }
        if let Some(library) = &commands.faketime
            && !Path::new(library.get_ref()).exists()
        {
            let problem = format!("there is no library `{}`", library.get_ref());
            return Err(self.problem(self.line(library.span()), problem));
        }
        let read = Commands {
            run: self.command(&commands.run, &names, working_folder)?,
            scope: command(&commands.scope)?,
            force: command(&commands.force)?,
            onboard: command(&commands.onboard)?,
            serve: self.serve(&commands, working_folder)?,
            directory: working_folder.to_owned(),
            timeout,
            exit_codes: commands.exit_codes.unwrap_or_else(|| vec![0]),
            environment,
            faketime: commands.faketime.map(Spanned::into_inner),
        };
        self.check_told(&read, database)?;
        Ok(read)
    }

    /// Returns the folder in which the commands run.
    pub(super) fn working_folder(&self, commands: &CommandsSpec) -> Result<PathBuf, JobError> {
        let Some(directory) = &commands.directory else {
            return Ok(self.folder());
        };
        let folder = self.folder().join(directory.get_ref());
        if !folder.is_dir() {
            let problem = format!("there is no folder `{}`", folder.display());
            return Err(self.problem(self.line(directory.span()), problem));
        }
        Ok(folder)
    }

    fn serve(
        &self,
        commands: &CommandsSpec,
        working_folder: &Path,
    ) -> Result<Option<JobCommand>, JobError> {
        let Some(serve) = &commands.serve else {
            return Ok(None);
        };
        if commands.faketime.is_some() {
            let problem = "`serve` makes runs at many times, so it cannot have `faketime`";
            return Err(self.problem(self.line(serve.span()), problem.to_owned()));
        }
        // Its runs get all values as JSON.
        self.command(serve, &[], working_folder).map(Some)
    }

    /// Refuses commands that are not told their database, time, scope or range.
    fn check_told(&self, commands: &Commands, database: &JobDatabase) -> Result<(), JobError> {
        let names = database.placeholders();
        let is_told = |command: &JobCommand, names: &[&str]| commands.are_told(command, names);
        let optional = [
            (&commands.scope, "scope", "portfolios"),
            (&commands.force, "force", "from"),
            (&commands.force, "force", "to"),
            (&commands.onboard, "onboard", "portfolios"),
        ];
        for (command, key, name) in optional {
            if let Some(command) = command
                && !is_told(command, &[name])
            {
                let problem = format!("`{key}` has no `{{{name}}}`");
                return Err(self.problem(command.line, problem));
            }
        }
        let all = [&commands.scope, &commands.force, &commands.onboard];
        for command in all.into_iter().flatten().chain([&commands.run]) {
            if !is_told(command, names) {
                let names = names.iter().map(|name| format!("`{{{name}}}`"));
                let problem = format!(
                    "the command is not told its database: add {}, as an argument or in \
                     `[commands.environment]`",
                    names.collect::<Vec<_>>().join(" or ")
                );
                return Err(self.problem(command.line, problem));
            }
            let times = ["target", "now", "now_utc", "today", "to"];
            if commands.faketime.is_none() && !is_told(command, &times) {
                let problem = "the command is not told the time: add `{target}`, `{now}` or \
                               `{today}`, or set `faketime`";
                return Err(self.problem(command.line, problem.to_owned()));
            }
        }
        Ok(())
    }

    pub(super) fn command(
        &self,
        spec: &Spanned<CommandLine>,
        known: &[&'static str],
        working_folder: &Path,
    ) -> Result<JobCommand, JobError> {
        let line = self.line(spec.span());
        let words = match spec.get_ref() {
            CommandLine::Program(words) => words.as_slice(),
            CommandLine::Shell(text) => std::slice::from_ref(text),
        };
        if words.first().is_none_or(|word| word.trim().is_empty()) {
            return Err(self.problem(line, "the command is empty".to_owned()));
        }
        for word in words {
            self.placeholders(word, known, line)?;
            self.check_scratch(word, working_folder, line)?;
        }
        let by_client = match spec.get_ref() {
            CommandLine::Program(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                named_by_client(&words)
            }
            CommandLine::Shell(text) => named_in_shell(text),
        };
        if let Some(database) = by_client {
            return Err(self.in_use(&database, line));
        }
        Ok(JobCommand {
            command: spec.get_ref().clone(),
            line,
        })
    }
}
