-- Corporate actions that were corrected or deleted, with their terms as text. `became` is null where
-- one was deleted, and then `by` and `reason` are not.
CREATE TABLE action_change (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    security INTEGER NOT NULL REFERENCES security (id),
    day      INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    was      TEXT    NOT NULL,
    became   TEXT,
    by       TEXT,
    reason   TEXT
) STRICT;
CREATE INDEX action_change_by_security ON action_change (security, id);
