-- Decisions to do without the closes of unpriced sessions. A revoked one stays as history.

CREATE TABLE accepted_prices (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    first      INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    by         TEXT NOT NULL,
    reason     TEXT NOT NULL,
    revoked_at INTEGER,
    CHECK (first <= last)
) STRICT;
