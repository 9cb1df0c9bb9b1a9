-- A correct nightly job in plain SQL for PostgreSQL, in one transaction. Without a forced range.
--
--   psql books -v target=2026-01-08 -v portfolios= -v now="$(date -Is)" -f every_missing_day_psql.sql
--
-- `portfolios` are ids separated by commas; all portfolios if it is empty.

\set ON_ERROR_STOP on

BEGIN;

-- Runs wait for each other; readers do not wait.
LOCK TABLE runs IN EXCLUSIVE MODE;

CREATE TEMP TABLE work ON COMMIT DROP AS
SELECT p.id AS portfolio_id, d.day, 100 * extract(julian FROM d.day) AS value
FROM portfolios p
JOIN trading_days d ON d.day BETWEEN p.inception AND least(:'target', p.closed_on)
WHERE p.deleted_at IS NULL
  AND (:'portfolios' = '' OR p.id = ANY (string_to_array(:'portfolios', ',')))
  AND NOT (
      EXISTS (SELECT FROM snapshots s WHERE (s.portfolio_id, s.day, s.is_complete) = (p.id, d.day, true))
      AND EXISTS (SELECT FROM positions r WHERE (r.portfolio_id, r.day) = (p.id, d.day))
      AND EXISTS (SELECT FROM exposures r WHERE (r.portfolio_id, r.day) = (p.id, d.day))
      AND EXISTS (SELECT FROM risk r WHERE (r.portfolio_id, r.day) = (p.id, d.day))
  );

-- The condition of the conflict: a complete snapshot is not written again.
INSERT INTO snapshots (portfolio_id, day, nav)
SELECT portfolio_id, day, value FROM work ORDER BY day, portfolio_id
ON CONFLICT (portfolio_id, day) DO UPDATE SET nav = excluded.nav, is_complete = true
WHERE NOT snapshots.is_complete;

INSERT INTO positions SELECT portfolio_id, day, value FROM work ON CONFLICT DO NOTHING;
INSERT INTO exposures SELECT portfolio_id, day, value FROM work ON CONFLICT DO NOTHING;
INSERT INTO risk SELECT portfolio_id, day, value FROM work ON CONFLICT DO NOTHING;

WITH run AS (
    INSERT INTO runs (started_at, ended_at, status, target, processed)
    SELECT :'now', :'now', 'completed', :'target', count(*) FROM work
    RETURNING id
)
INSERT INTO progress SELECT run.id, day, count(*) FROM run, work GROUP BY run.id, day;

COMMIT;
