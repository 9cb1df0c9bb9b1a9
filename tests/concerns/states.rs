//! Makes a database, and files, in each state that an operator must be told of.

use plimsoll::query::ConcernKind;

use crate::workspace::Workspace;

const NOW: &str = "now = 2026-01-08T18:00:00-05:00\n";

/// A folder in a state.
pub(crate) struct State {
    pub(crate) workspace: Workspace,
    /// The world that the database was made from.
    pub(crate) world: String,
    /// Applied when the server has started, which creates the folders of the inbox.
    pub(crate) files: fn(&Workspace),
}

impl State {
    /// Returns the folder of a state: the state of the kind, and no other unless it follows from it.
    pub(crate) fn of(kind: ConcernKind) -> Self {
        match kind {
            ConcernKind::LastRun => Self::of_world(
                "[[run]]\nstarted = 2026-01-08T17:45:00-05:00\nstate = \"failed\"\n\
                 [portfolios]\nA = { complete = \"..\" }\n",
            ),
            ConcernKind::NoActivePortfolios => Self::of_world(
                "[portfolios]\nA = { inception = 2026-01-02, deleted-at = 2026-01-05T09:00:00-05:00 }\n",
            ),
            ConcernKind::ClockBehind => Self::of_world(
                "[[run]]\nstarted = 2026-01-09T09:00:00-05:00\nstate = \"complete\"\n\
                 [portfolios]\nA = { complete = \"..\" }\n",
            ),
            ConcernKind::Damage => Self {
                files: |workspace| {
                    let connection =
                        rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
                    let sql = "UPDATE security_statistics SET session_return = 9";
                    assert!(connection.execute(sql, []).unwrap() > 0);
                    drop(connection);
                    assert_eq!(workspace.run(&["verify", "--all"]).code, 1);
                },
                ..Self::complete()
            },
            ConcernKind::VerificationOverdue => {
                let state = Self::complete();
                let configured = "[inbox]\nfolder = \"inbox\"\n[alerts]\nmax-verify-age = 7\n";
                state.workspace.write("plimsoll.toml", configured);
                state
            }
            ConcernKind::Late => {
                Self::of_world("[portfolios]\nA = { complete = \"..2026-01-05\" }\n")
            }
            ConcernKind::Failing => Self::of_world(
                "[portfolios]\nA = { complete = \"..2026-01-07\", failed = { 2026-01-08 = { risk = 1 } } }\n",
            ),
            ConcernKind::Quarantined => Self::of_world(
                "[portfolios]\nA = { complete = \"..2026-01-07\", quarantined = { 2026-01-08 = [\"risk\"] } }\n",
            ),
            ConcernKind::AbandonedRun => Self::of_world(
                "[portfolios]\nA = { complete = \"..\" }\n[run-left-running]\nlease = \"expired\"\n",
            ),
            ConcernKind::RejectedFiles => Self {
                files: |workspace| {
                    let folder = workspace.path("inbox/rejected/prices");
                    std::fs::create_dir_all(folder).unwrap();
                    workspace.write("inbox/rejected/prices/x.csv", "");
                    workspace.write("inbox/rejected/prices/x.csv.report.txt", "");
                },
                ..Self::complete()
            },
            ConcernKind::WaitingFiles => Self {
                files: |workspace| {
                    workspace.write("inbox/prices/x.csv", "symbol,date,close\nNIMB,2026-01-0");
                    let path = workspace.path("inbox/prices/x.csv");
                    let file = std::fs::File::options().write(true).open(path).unwrap();
                    // Five hours before the clock of the world, 2026-01-08T23:00:00Z.
                    let time = std::time::Duration::from_secs(1_767_913_200 - 5 * 3_600);
                    file.set_modified(std::time::UNIX_EPOCH + time).unwrap();
                },
                ..Self::complete()
            },
            ConcernKind::InboxUnreadable => Self {
                files: |workspace| std::fs::remove_dir_all(workspace.path("inbox")).unwrap(),
                ..Self::complete()
            },
            ConcernKind::PriceCommand => {
                // Betas do without one close of the benchmark, so that the books are complete.
                let state = Self {
                    files: |workspace| assert_eq!(workspace.run(&["price", "fetch"]).code, 1),
                    ..Self::of_world(
                        "[prices]\nMKT = { 2026-01-08 = \"missing\" }\n\
                         [portfolios]\nA = { complete = \"..\" }\n",
                    )
                };
                let configured = "[inbox]\nfolder = \"inbox\"\n\
                                  [prices]\ncommand = [\"false\"]\nattempts = 1\n";
                state.workspace.write("plimsoll.toml", configured);
                state
            }
            ConcernKind::UnpricedSession => Self::of_world(
                "[market]\nlast = 2026-01-06\n[portfolios]\n\
                 A = { inception = 2026-01-05, complete = \"..2026-01-06\", cash = 1_000, holdings = { NIMB = 100 } }\n",
            ),
            ConcernKind::StaleInputs => Self::of_world(
                "[securities]\nALPN = { currency = \"CHF\" }\nCHFUSD = { class = \"fx\" }\n\
                 [prices]\nCHFUSD = { 2025-12-19 = 1.25 }\n\
                 [portfolios]\nA = { inception = 2025-12-19, cash = 1_000, holdings = { ALPN = 100 }, complete = \"..\" }\n",
            ),
            ConcernKind::StaleRiskInputs => Self::of_world(
                "[prices]\nMKT = { 2025-12-22 = \"missing\", 2025-12-23 = \"missing\", \
                 2025-12-24 = \"missing\", 2025-12-26 = \"missing\", 2025-12-29 = \"missing\", \
                 2025-12-30 = \"missing\", 2025-12-31 = \"missing\", 2026-01-02 = \"missing\", \
                 2026-01-05 = \"missing\", 2026-01-06 = \"missing\", 2026-01-07 = \"missing\", \
                 2026-01-08 = \"missing\" }\n[portfolios]\nA = { complete = \"..\" }\n",
            ),
            ConcernKind::RiskAbsent => Self::of_world(
                "[market]\nfrom = 2026-01-05\n\
                 [portfolios]\nA = { inception = 2026-01-05, complete = \"..\" }\n",
            ),
            ConcernKind::HeldLog => Self {
                files: |workspace| {
                    let connection =
                        rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
                    connection.execute_batch("BEGIN").unwrap();
                    let sql = "SELECT COUNT(*) FROM portfolio";
                    let read = connection.query_row(sql, [], |row| row.get::<_, i64>(0));
                    assert_eq!(read.unwrap(), 1);
                    // The transaction stays open until the test ends.
                    std::mem::forget(connection);
                    workspace.run_ok(&["-q", "token", "new", "another"]);
                },
                ..Self::complete()
            },
            ConcernKind::Blocked => Self::of_world(
                "[portfolios]\nA = { complete = \"..2026-01-07\", blocked = 2026-01-08 }\n",
            ),
            ConcernKind::ConfigurationChanged => {
                let state = Self::complete();
                let configured = "[inbox]\nfolder = \"inbox\"\n\
                                  [calendar.amendments]\nclosed = [2026-01-07]\n";
                state.workspace.write("plimsoll.toml", configured);
                state
            }
        }
    }

    /// Returns the folder of complete books.
    pub(crate) fn complete() -> Self {
        Self::of_world("[portfolios]\nA = { complete = \"..\" }\n")
    }

    pub(crate) fn of_world(text: &str) -> Self {
        let world = format!("{NOW}{text}");
        let workspace = Workspace::from_world(&world);
        workspace.write("plimsoll.toml", "[inbox]\nfolder = \"inbox\"\n");
        std::fs::create_dir(workspace.path("inbox")).unwrap();
        Self {
            workspace,
            world,
            files: |_| {},
        }
    }
}
