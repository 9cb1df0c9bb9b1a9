-- The tables of the example jobs, for PostgreSQL. README.md describes the jobs.

CREATE TABLE portfolios (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    inception  date NOT NULL,  -- the first day that needs a snapshot
    closed_on  date,           -- the last day that needs a snapshot, if the portfolio is closed
    deleted_at timestamptz     -- the instant of a soft delete: no day needs a snapshot any more
);

-- The sessions of the New York Stock Exchange from 2024 to 2027: weekdays without holidays.
CREATE TABLE trading_days (day date PRIMARY KEY);

INSERT INTO trading_days
SELECT day FROM generate_series('2024-01-01'::date, '2027-12-31', '1 day') AS day
WHERE extract(isodow FROM day) < 6 AND day NOT IN (
    '2024-01-01', '2024-01-15', '2024-02-19', '2024-03-29', '2024-05-27', '2024-06-19', '2024-07-04', '2024-09-02', '2024-11-28', '2024-12-25',
    '2025-01-01', '2025-01-09', '2025-01-20', '2025-02-17', '2025-04-18', '2025-05-26', '2025-06-19', '2025-07-04', '2025-09-01', '2025-11-27', '2025-12-25',
    '2026-01-01', '2026-01-19', '2026-02-16', '2026-04-03', '2026-05-25', '2026-06-19', '2026-07-03', '2026-09-07', '2026-11-26', '2026-12-25',
    '2027-01-01', '2027-01-18', '2027-02-15', '2027-03-26', '2027-05-31', '2027-06-18', '2027-07-05', '2027-09-06', '2027-11-25', '2027-12-24'
);

-- One row for each portfolio and day. A row that is not complete is a placeholder.
CREATE TABLE snapshots (
    portfolio_id text NOT NULL REFERENCES portfolios,
    day          date NOT NULL,
    nav          numeric(18, 2) NOT NULL,
    is_complete  boolean NOT NULL DEFAULT true,
    PRIMARY KEY (portfolio_id, day)
);

-- The analytics of a snapshot, in three tables.
CREATE TABLE positions (
    portfolio_id text NOT NULL REFERENCES portfolios,
    day          date NOT NULL,
    value        numeric(18, 2) NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);
CREATE TABLE exposures (
    portfolio_id text NOT NULL REFERENCES portfolios,
    day          date NOT NULL,
    value        numeric(18, 2) NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);
CREATE TABLE risk (
    portfolio_id text NOT NULL REFERENCES portfolios,
    day          date NOT NULL,
    value        numeric(18, 2) NOT NULL,
    PRIMARY KEY (portfolio_id, day)
);

-- One row for each run of a job.
CREATE TABLE runs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    status     text NOT NULL,  -- running, completed or failed
    target     date NOT NULL,
    processed  integer NOT NULL DEFAULT 0  -- snapshots written
);

-- The bookkeeping by date: the snapshots that a run wrote for a day.
CREATE TABLE progress (
    run_id    bigint NOT NULL REFERENCES runs,
    day       date NOT NULL,
    processed integer NOT NULL,
    PRIMARY KEY (run_id, day)
);
