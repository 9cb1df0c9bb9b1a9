-- What tells damage and foreign logs apart from the commits of Plimsoll, in one row, so that a
-- commit changes one page more. `state` is 16 random bytes that identify the database and 8 that
-- count its commits. `digests` is a JSON object: for each table the number of its rows and the sum
-- of their hashes, of the schema `digested`.
CREATE TABLE file_state (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    state    BLOB    NOT NULL CHECK (length(state) = 24),
    digested INTEGER NOT NULL,
    digests  TEXT    NOT NULL
) STRICT;
INSERT INTO file_state VALUES (1, zeroblob(24), 0, '{}');
