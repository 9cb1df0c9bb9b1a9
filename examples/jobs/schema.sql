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
    nav          INTEGER NOT NULL,
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

-- The sessions of the New York Stock Exchange from 2024 to 2027: weekdays without holidays.
CREATE TABLE trading_days (day TEXT PRIMARY KEY);

INSERT INTO trading_days
WITH RECURSIVE days (day) AS (
    VALUES ('2024-01-01')
    UNION ALL
    SELECT date(day, '+1 day') FROM days WHERE day < '2027-12-31'
)
SELECT day FROM days WHERE strftime('%w', day) NOT IN ('0', '6');

DELETE FROM trading_days WHERE day IN (
    '2024-01-01', '2024-01-15', '2024-02-19', '2024-03-29', '2024-05-27', '2024-06-19', '2024-07-04', '2024-09-02', '2024-11-28', '2024-12-25',
    '2025-01-01', '2025-01-09', '2025-01-20', '2025-02-17', '2025-04-18', '2025-05-26', '2025-06-19', '2025-07-04', '2025-09-01', '2025-11-27', '2025-12-25',
    '2026-01-01', '2026-01-19', '2026-02-16', '2026-04-03', '2026-05-25', '2026-06-19', '2026-07-03', '2026-09-07', '2026-11-26', '2026-12-25',
    '2027-01-01', '2027-01-18', '2027-02-15', '2027-03-26', '2027-05-31', '2027-06-18', '2027-07-05', '2027-09-06', '2027-11-25', '2027-12-24'
);
