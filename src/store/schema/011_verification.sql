-- The result of the last verification: its end, and the damage that is known and not repaired, as a
-- JSON object. The row is there from the start, so that a record of damage takes no new page.
CREATE TABLE verification (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    ended  INTEGER,
    damage TEXT
) STRICT;
INSERT INTO verification VALUES (1, NULL, NULL);
-- What an alert concerns beside portfolios, such as files: a JSON list. Null in a row of an older
-- version.
ALTER TABLE alert_state ADD COLUMN items TEXT;
