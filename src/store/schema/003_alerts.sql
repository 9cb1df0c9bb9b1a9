-- What is wrong at present, as far as it was told, so that only a change is told again. `subjects`
-- is whom it concerns, a set as in the ledger, with its count beside it.
CREATE TABLE trouble (
    kind     TEXT    PRIMARY KEY,
    since    INTEGER NOT NULL,
    subjects BLOB    NOT NULL,
    count    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is still to be told to the outside. A letter goes once it was taken, or was tried too long.
CREATE TABLE letter (
    id       INTEGER PRIMARY KEY,
    written  INTEGER NOT NULL,
    channel  TEXT    NOT NULL,
    content  TEXT    NOT NULL,
    tries    INTEGER NOT NULL,
    next_try INTEGER NOT NULL
) STRICT;
