//! `plimsoll serve`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::cli::output::print_stderr;
use crate::cli::{context::Context, error::CliError, exit::Exit, notifications};
use crate::environment::Clock;
use crate::serve::{AnonymousAccess, Schedule, Server, ServerContext};

/// Serves pages and the admin API over one database, and starts a run as soon as a session is
/// final. At its start it catches up on missed nights. Ctrl-C ends the active run after its current
/// transaction, and then the server.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll serve                           http://127.0.0.1:7407
  plimsoll serve --listen 127.0.0.1:9000   another address
  plimsoll serve --no-schedule             if cron or systemd starts the runs
  plimsoll token new me --scope admin      create a token to sign in with
  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:7407/api/v1/status

docs/serving.md describes the API and the access rules.")]
pub(crate) struct ServeArgs {
    /// Address to listen on; overrides `address` of `[serve]`
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// Start only runs that are requested
    #[arg(long)]
    no_schedule: bool,
}

pub(super) fn execute(context: &Context, args: &ServeArgs) -> Result<Exit, CliError> {
    static STOP_REQUESTED: AtomicBool = AtomicBool::new(false);
    let app = context.app()?;
    app.create_inbox()?;
    let configuration = &context.configuration;
    let settings = configuration.serve.settings(args.listen);
    let notifier = notifications::notifier(context, &app.environment);
    let anonymous = settings.anonymous;
    let schedule = match (&app.environment.clock, args.no_schedule) {
        // A fixed time brings no new session, and a run would change the state that it reproduces.
        (Clock::Fixed(_), _) | (_, true) => Schedule::Never,
        (Clock::System(_), false) => configuration.schedule,
    };
    let server = Server::bind(ServerContext {
        app,
        settings,
        schedule,
        notifier,
    })?;
    let stopper = server.stopper();
    // Cannot fail: nothing else in this process handles signals.
    let _ = ctrlc::set_handler(move || {
        if STOP_REQUESTED.swap(true, Ordering::AcqRel) {
            std::process::exit(130);
        }
        print_stderr("ending: the active run stops after its current transaction");
        stopper.stop();
    });
    if !context.global.quiet {
        print_stderr(&greeting(server.address(), anonymous, schedule));
    }
    server.run()?;
    Ok(Exit::Complete)
}

fn greeting(address: SocketAddr, anonymous: AnonymousAccess, schedule: Schedule) -> String {
    let access = match anonymous {
        AnonymousAccess::Read => "anonymous read access",
        AnonymousAccess::None => "sign-in with a token",
    };
    let runs = match schedule {
        Schedule::WhenFinal => "a run starts when a session is final",
        Schedule::Never => "no scheduled runs",
    };
    format!("listening on http://{address} ({access}; {runs}; Ctrl-C ends)")
}
