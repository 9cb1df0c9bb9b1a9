//! Names the next step after an error of a lower layer.

use crate::engine::{EngineError, OwnCalendarError};
use crate::import::apply::WithdrawError;
use crate::plan::PlanError;
use crate::query::{NextCommand, QueryError, positional, shell_quoted};
use crate::store::StoreError;

const TRANSACTION_IDS: &str = "ids are those of the imported files; the view `transactions` of the database lists them as `reference`";

pub(super) fn withdraw_hint(error: &WithdrawError) -> Option<String> {
    let hint = match error {
        WithdrawError::UnknownTransaction(_) => TRANSACTION_IDS.to_owned(),
        WithdrawError::AlreadyVoided { reference, .. } => format!(
            "`plimsoll transaction history {}` shows it; import its row with `--correct` to bring it back",
            positional(reference)
        ),
        WithdrawError::TransferExceedsHolding { reference, .. } => format!(
            "void both at once, or correct transaction {} first: `plimsoll import transactions FILE --correct`",
            shell_quoted(reference)
        ),
        WithdrawError::UnknownSymbol {
            nearest: Some(nearest),
            ..
        } => format!("did you mean `{nearest}`?"),
        WithdrawError::NoCloses { .. } => {
            "the view `closes` of the database lists all closes".to_owned()
        }
        WithdrawError::NoAction(action) => format!(
            "`plimsoll action list {}` lists its actions",
            positional(&action.symbol)
        ),
        WithdrawError::SeveralActions(_) => {
            "name the security received: `--received SYMBOL`".to_owned()
        }
        WithdrawError::Symbol(reason) => return reason.hint(),
        WithdrawError::UnknownSymbol { nearest: None, .. } | WithdrawError::Store(_) => {
            return None;
        }
    };
    Some(hint)
}

pub(super) fn query_hint(error: &QueryError) -> Option<String> {
    match error {
        QueryError::UnknownPortfolio {
            nearest: Some(name),
            ..
        } => Some(format!("did you mean `{name}`?")),
        QueryError::UnknownInTables { nearest, .. } => Some(match nearest {
            Some(name) => format!("did you mean `{name}`?"),
            None => "names and ids are those in the tables that the map describes".to_owned(),
        }),
        QueryError::NoActivePortfolio { deleted: 0 } => Some(format!(
            "`{}` adds portfolios; --allow-empty accepts that there are none",
            NextCommand::ImportPortfolios
        )),
        QueryError::NoActivePortfolio { .. } => Some(
            "`plimsoll portfolio list` lists them, `plimsoll portfolio restore NAME` restores one"
                .to_owned(),
        ),
        QueryError::DeletedPortfolios(names) => {
            let first = names.first().map_or("NAME", String::as_str);
            let first = positional(first);
            Some(format!(
                "`plimsoll portfolio restore {first}` restores a portfolio; the next run fills its gap"
            ))
        }
        QueryError::UnknownPortfolio { nearest: None, .. }
        | QueryError::Scope(_)
        | QueryError::AmbiguousPortfolio { .. } => {
            Some("`plimsoll portfolio list` lists all portfolios".to_owned())
        }
        QueryError::Unbookable { portfolio, .. } => {
            let status = NextCommand::Status(portfolio.clone());
            Some(format!(
                "`{status}` names the first open day; --as-of shows an earlier one"
            ))
        }
        QueryError::UnknownSymbol {
            nearest: Some(nearest),
            ..
        } => Some(format!("did you mean `{nearest}`?")),
        QueryError::UnknownTransaction(_) => Some(TRANSACTION_IDS.to_owned()),
        QueryError::Engine(EngineError::Store(error)) => store_hint(error),
        _ => None,
    }
}

pub(super) fn engine_hint(error: &EngineError) -> Option<String> {
    let hint = match error {
        EngineError::PlanChanged { .. } => "`plimsoll plan` shows the plan as it is now",
        EngineError::TooManyCells { .. } => {
            "`plimsoll plan` shows what is open; --limit N does the first N cells, and a later run continues"
        }
        EngineError::Plan(PlanError::Target(_)) => "omit --target to use the last final session",
        EngineError::Calendar(_) => {
            "docs/calendars.md explains how to write a calendar with more years"
        }
        EngineError::Market(_) => "import the benchmark and the factors of [risk] as securities",
        EngineError::NothingToAccept(_) => "`plimsoll plan` shows the sessions that wait",
        EngineError::NoSuchAcceptance(_) => "`plimsoll accept-prices` lists them with their ids",
        EngineError::OwnCalendar(error) => return Some(own_calendar_hint(error)),
        EngineError::SourcesKeepChanging(_) => "run again when the imports have ended",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn own_calendar_hint(error: &OwnCalendarError) -> String {
    match error {
        OwnCalendarError::BuiltIn(_) => {
            "give the calendar another `name`; `plimsoll calendar list` lists the built-in ones"
                .to_owned()
        }
        OwnCalendarError::OfDatabase(_) => {
            "change the file that [calendar] of the configuration names; without one, `plimsoll calendar import FILE --for-database` puts another calendar in force"
                .to_owned()
        }
        OwnCalendarError::Unknown {
            nearest: Some(nearest),
            ..
        } => format!("did you mean `{nearest}`?"),
        OwnCalendarError::Unknown { nearest: None, .. } => {
            "`plimsoll calendar list` lists all calendars".to_owned()
        }
        OwnCalendarError::InUse { .. } => {
            "import another or an empty `calendar` of these securities and portfolios first"
                .to_owned()
        }
    }
}

pub(super) fn store_hint(error: &StoreError) -> Option<String> {
    let hint = match error {
        StoreError::Absent(path) => {
            return Some(format!(
                "`plimsoll --db {} init` creates an empty one; `plimsoll demo` creates an example",
                path.display()
            ));
        }
        StoreError::Present(_) => "choose another file: --db for a new database, FILE for a backup",
        StoreError::Foreign { .. } => "choose a Plimsoll database with --db",
        StoreError::ForeignLog { .. } => {
            "`plimsoll restore BACKUP` puts a backup in place; it keeps the file and the log under another name"
        }
        StoreError::InUse(_) => "stop `plimsoll serve` and other programs, then try again",
        StoreError::ChangedSources(_) => {
            "`plimsoll restore BACKUP` puts a good backup in place; after a change on purpose, `plimsoll repair --accept-changes` keeps the rows as they are"
        }
        StoreError::DamagedCopy(_) => "restore an older backup",
        StoreError::RestoredFromItself(_) => {
            "name a backup, as `plimsoll backup FILE` writes it; --db names the database that it replaces"
        }
        StoreError::Newer { .. } => "use the version of plimsoll that wrote it, or a later one",
        StoreError::ReadOnly { .. } => "the file and its folder must be writable by this user",
        StoreError::LeaseHeld { .. } => {
            "wait for its end: `plimsoll runs` shows its progress; the lease of a dead run expires and is taken over"
        }
        StoreError::Moved(_) => {
            "work since then is not in the file of that name: put the right file there, then run again"
        }
        StoreError::CheckpointBusy { .. } => {
            "end its read transaction or stop it, then try again: the last writer was killed or met an error, so its log must be emptied before new work"
        }
        StoreError::LeaseLost => "another run has taken over; `plimsoll runs` shows it",
        _ if error.is_full() => {
            "the disk is full: free some space and run again; committed work is kept"
        }
        _ if error.is_damaged() => {
            "`plimsoll verify` lists the damage and names the command that fixes it: `plimsoll repair`, or `plimsoll restore BACKUP` for a good backup"
        }
        _ if error.is_busy() => "another program has locked the database: close it and try again",
        _ => return None,
    };
    Some(hint.to_owned())
}
