-- A symbol that a security had before it was called otherwise from `day` on. Its current symbol is in
-- the row of the security.
CREATE TABLE former_symbol (
    security INTEGER NOT NULL REFERENCES security (id),
    day      INTEGER NOT NULL,
    symbol   TEXT    NOT NULL,
    PRIMARY KEY (security, day)
) STRICT, WITHOUT ROWID;
