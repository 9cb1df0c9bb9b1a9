-- Corporate actions other than splits. `part` is the security received for kinds of which a security
-- can have several on one day, else 0. `cash` is a price; `cost_share` is in parts of 10^12.
CREATE TABLE corporate_action (
    security   INTEGER NOT NULL REFERENCES security (id),
    day        INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    part       INTEGER NOT NULL,
    received   INTEGER REFERENCES security (id),
    new        INTEGER CHECK (new > 0),
    old        INTEGER CHECK (old > 0),
    cash       ANY,
    cost_share INTEGER,
    PRIMARY KEY (security, day, kind, part)
) STRICT, WITHOUT ROWID;
