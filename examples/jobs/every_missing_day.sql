-- A correct nightly job in plain SQL, in one transaction. It has no scope and no forced range.
--
--   sqlite3 books.db -cmd ".parameter set @target \"'2026-01-08'\"" ".read every_missing_day.sql"

.bail on
.timeout 30000

BEGIN IMMEDIATE;

CREATE TEMP TABLE expected AS
SELECT p.id AS portfolio_id, d.day, 100 * CAST(julianday(d.day) AS INTEGER) AS value
FROM portfolios p
JOIN trading_days d ON d.day BETWEEN p.inception AND min(@target, coalesce(p.closed_on, @target))
WHERE p.deleted_at IS NULL;

-- The condition of the conflict: a complete snapshot is not written again.
INSERT INTO snapshots (portfolio_id, day, nav)
SELECT portfolio_id, day, value FROM expected WHERE true
ON CONFLICT DO UPDATE SET nav = excluded.nav, is_complete = 1 WHERE NOT is_complete;

INSERT INTO positions SELECT portfolio_id, day, value FROM expected WHERE true ON CONFLICT DO NOTHING;
INSERT INTO exposures SELECT portfolio_id, day, value FROM expected WHERE true ON CONFLICT DO NOTHING;
INSERT INTO risk SELECT portfolio_id, day, value FROM expected WHERE true ON CONFLICT DO NOTHING;

COMMIT;
