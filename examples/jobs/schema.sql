-- The tables of the example jobs, for SQLite. README.md describes the jobs.

CREATE TABLE portfolios (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    inception  TEXT NOT NULL,  -- the first day that needs a snapshot
    closed_on  TEXT,           -- the last day that needs a snapshot, if the portfolio is closed
    deleted_at TEXT            -- the instant of a soft delete: no day needs a snapshot any more
);

-- One row for each portfolio and day. A row with is_complete = 0 is a placeholder.
CREATE TABLE snapshots (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id),
    day          TEXT NOT NULL,
    nav          INTEGER NOT NULL,  -- in cents
    is_complete  INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (portfolio_id, day)
);

-- The analytics of a snapshot, in three tables.
CREATE TABLE positions (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id),
    day          TEXT NOT NULL,
    value        INTEGER NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);
CREATE TABLE exposures (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id),
    day          TEXT NOT NULL,
    value        INTEGER NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);
CREATE TABLE risk (
    portfolio_id TEXT NOT NULL REFERENCES portfolios (id),
    day          TEXT NOT NULL,
    value        INTEGER NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);

-- One row for each run of a job.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    started_at TEXT NOT NULL,
    ended_at   TEXT,
    status     TEXT NOT NULL,  -- running, completed or failed
    target     TEXT NOT NULL,
    processed  INTEGER NOT NULL DEFAULT 0  -- snapshots written
);

-- The bookkeeping by date: the snapshots that a run wrote for a day.
CREATE TABLE progress (
    run_id    INTEGER NOT NULL REFERENCES runs (id),
    day       TEXT NOT NULL,
    processed INTEGER NOT NULL,
    PRIMARY KEY (run_id, day)
);

-- The days on which the exchange is open. new_york.sql fills it.
CREATE TABLE trading_days (day TEXT PRIMARY KEY);
