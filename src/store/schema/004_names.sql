-- Tables and columns under the names that the code uses. Rows, keys and checks stay as they are.

ALTER TABLE trouble RENAME TO alert_state;
ALTER TABLE alert_state RENAME COLUMN subjects TO portfolios;

ALTER TABLE letter RENAME TO outbox;
ALTER TABLE outbox RENAME COLUMN written TO created;
ALTER TABLE outbox RENAME COLUMN tries TO attempts;
ALTER TABLE outbox RENAME COLUMN next_try TO next_attempt;

ALTER TABLE roster RENAME TO lifecycle_index;
ALTER TABLE lifecycle_index RENAME COLUMN subjects TO ids;

ALTER TABLE intake RENAME TO imported_file;
ALTER TABLE imported_file RENAME COLUMN same TO unchanged;
-- An index cannot be renamed.
DROP INDEX intake_by_digest;
CREATE INDEX imported_file_by_digest ON imported_file (digest, kind);

ALTER TABLE ledger RENAME COLUMN subjects TO ids;
ALTER TABLE invalidated RENAME COLUMN subjects TO ids;
ALTER TABLE invalidation RENAME COLUMN why TO reason;

ALTER TABLE token RENAME COLUMN made TO created;
