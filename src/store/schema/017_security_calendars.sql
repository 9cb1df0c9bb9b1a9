-- A security names the calendar of its exchange, and the calendars that securities name travel with
-- the database: the sessions by which the ledger was filled, the definition, and a digest of both.

ALTER TABLE security ADD COLUMN calendar TEXT;
CREATE TABLE security_calendar (
    name       TEXT    PRIMARY KEY,
    sessions   BLOB    NOT NULL,
    count      INTEGER NOT NULL,
    definition TEXT    NOT NULL,
    digest     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
