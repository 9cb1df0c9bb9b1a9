-- The last request to the command that fetches prices, if there was one: its end, the number of
-- requests in a row whose answer was of no use, and the failure since the last one that was.
CREATE TABLE price_request (
    only         INTEGER PRIMARY KEY CHECK (only = 1),
    at           INTEGER NOT NULL,
    setbacks     INTEGER NOT NULL,
    failed_since INTEGER,
    reason       TEXT,
    CHECK ((failed_since IS NULL) = (reason IS NULL))
) STRICT;
-- The closes for which the command had no answer, asked under this symbol. `is_silent` where it had
-- none for any day of the symbol.
CREATE TABLE price_refusal (
    security  INTEGER NOT NULL REFERENCES security (id),
    day       INTEGER NOT NULL,
    symbol    TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    is_silent INTEGER NOT NULL CHECK (is_silent IN (0, 1)),
    PRIMARY KEY (security, day)
) STRICT, WITHOUT ROWID;
