//! `plimsoll serve`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::cli::output::print_stderr;
use crate::cli::{CliError, Context, Exit, notifications};
use crate::environment::Clock;
use crate::serve::{AnonymousAccess, Schedule, Server, ServerContext};

/// Serves pages for people and the admin API for programs, over one database, and makes a run as
/// soon as a session is final. A night that was missed, or ten, is caught up with at the start.
/// Ctrl-C ends the run at work after its current transaction, and the server with it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll serve                           on http://127.0.0.1:7407
  plimsoll serve --listen 127.0.0.1:9000   elsewhere
  plimsoll serve --no-schedule             where cron or systemd starts the runs
  plimsoll token new me --scope admin      a token for you and programs
  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:7407/api/v1/status

docs/serving.md has the addresses of the API and what keeps strangers out.")]
pub struct ServeArgs {
    /// Address to listen on; overrides `address` of `[serve]`, and no other key
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Start no run but those that are asked for
    #[arg(long)]
    no_schedule: bool,
}

pub(super) fn execute(context: &Context, args: &ServeArgs) -> Result<Exit, CliError> {
    static STOP_REQUESTED: AtomicBool = AtomicBool::new(false);
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let configuration = &context.configuration;
    let settings = configuration.serve.settings(args.listen);
    let bell = notifications::notifier(context, &environment);
    let guests = settings.anonymous;
    let schedule = match (&environment.clock, args.no_schedule) {
        // Time that stands brings no session; what is reproduced there is to be looked at.
        (Clock::Fixed(_), _) | (_, true) => Schedule::Never,
        (Clock::System(_), false) => configuration.schedule,
    };
    let server = Server::bind(ServerContext {
        store,
        engine: configuration.engine.clone(),
        policy: configuration.policy,
        jobs: configuration.jobs,
        inbox: configuration.inbox.clone(),
        environment,
        settings,
        schedule,
        notifier: bell,
    })?;
    let stopper = server.stopper();
    // Nothing else in this process handles signals.
    let _ = ctrlc::set_handler(move || {
        if STOP_REQUESTED.swap(true, Ordering::AcqRel) {
            std::process::exit(130);
        }
        print_stderr("ending: the run at work stops after its current transaction");
        stopper.stop();
    });
    if !context.global.quiet {
        print_stderr(&greeting(server.address(), guests, schedule));
    }
    server.run()?;
    Ok(Exit::Complete)
}

fn greeting(address: SocketAddr, guests: AnonymousAccess, schedule: Schedule) -> String {
    let who = match guests {
        AnonymousAccess::Read => "whoever reaches it may look",
        AnonymousAccess::None => "signing in needs a token",
    };
    let runs = match schedule {
        Schedule::WhenFinal => "a run starts when a session is final",
        Schedule::Never => "no run starts by itself",
    };
    format!("listening on http://{address} ({who}; {runs}; Ctrl-C ends)")
}
