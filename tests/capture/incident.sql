-- The tables of the incident's system on the evening of January 8, 2026.

CREATE TABLE portfolios (
    id         CHAR(36) PRIMARY KEY,
    name       VARCHAR  NOT NULL,
    deleted_at DATETIME
);
CREATE TABLE portfolio_snapshots (
    id              INTEGER PRIMARY KEY,
    portfolio_id    CHAR(36) NOT NULL,
    snapshot_date   DATE     NOT NULL,
    net_asset_value NUMERIC  NOT NULL,
    is_complete     BOOLEAN  NOT NULL
);
CREATE TABLE batch_run_history (
    id           INTEGER PRIMARY KEY,
    started_at   DATETIME NOT NULL,
    completed_at DATETIME,
    status       VARCHAR  NOT NULL
);

CREATE TABLE lifetimes (id, name, first, last);
INSERT INTO lifetimes VALUES
    ('d0001eef-1c5e-4a1b-9f00-000000000001', 'Family Office Private Opportunities', '2025-10-01', '2026-01-05'),
    ('d0003dde-1c5e-4a1b-9f00-000000000002', 'Family Office Public Growth', '2025-10-01', '2026-01-05'),
    ('d0005ccd-1c5e-4a1b-9f00-000000000003', 'Hedge Fund Style', '2025-10-15', '2026-01-05'),
    ('d0007bbc-1c5e-4a1b-9f00-000000000004', 'High Net Worth', '2025-10-20', '2026-01-05'),
    ('d0009aab-1c5e-4a1b-9f00-000000000005', 'Individual', '2025-11-03', '2026-01-05'),
    ('d000b99a-1c5e-4a1b-9f00-000000000006', 'Equity Balance', '2025-11-03', '2026-01-05'),
    ('d000d889-1c5e-4a1b-9f00-000000000007', 'Futura Test', '2025-11-10', '2026-01-05'),
    ('d000f778-1c5e-4a1b-9f00-000000000008', 'JP Morgan Bonds', '2025-10-06', '2026-01-05'),
    ('d0011667-1c5e-4a1b-9f00-000000000009', 'Robinhood Growth', '2025-11-17', '2026-01-05'),
    ('d0013556-1c5e-4a1b-9f00-00000000000a', 'Robinhood Tech', '2025-11-14', '2026-01-05'),
    ('d0015445-1c5e-4a1b-9f00-00000000000b', 'Small Test', '2025-12-15', '2026-01-05'),
    ('d0017334-1c5e-4a1b-9f00-00000000000c', 'Tech Growth', '2025-10-01', '2026-01-06'),
    ('d0019223-1c5e-4a1b-9f00-00000000000d', 'Test Scott Y', '2025-12-01', '2026-01-07'),
    ('d001b112-1c5e-4a1b-9f00-00000000000e', 'Closed Out', '2025-10-01', '2025-11-14');

INSERT INTO portfolios
SELECT id, name, CASE name WHEN 'Closed Out' THEN '2025-11-17 15:20:00.000000' END FROM lifetimes;

-- A row for each weekday that is not a holiday.
WITH RECURSIVE days(day) AS (
    SELECT '2025-10-01' UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < '2026-01-08'
)
INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, net_asset_value, is_complete)
SELECT id, day, 1000000, 1 FROM lifetimes JOIN days ON day BETWEEN first AND last
WHERE strftime('%w', day) NOT IN ('0', '6') AND day NOT IN ('2025-11-27', '2025-12-25', '2026-01-01')
ORDER BY day, id;

-- One incomplete row.
INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, net_asset_value, is_complete)
SELECT id, '2026-01-06', 0, 0 FROM lifetimes WHERE name = 'Small Test';

INSERT INTO batch_run_history (started_at, completed_at, status) VALUES
    ('2026-01-06 22:00:04.120000', '2026-01-06 22:06:41.000000', 'completed'),
    ('2026-01-07 22:00:03.480000', '2026-01-07 22:00:05.000000', 'completed'),
    ('2026-01-08 22:00:03.910000', NULL, 'running');
DROP TABLE lifetimes;
