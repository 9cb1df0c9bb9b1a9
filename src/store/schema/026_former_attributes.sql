-- Class, sector and multiplier that a security had until one of them changed on `day`. Its current ones
-- are in the row of the security.
CREATE TABLE former_attributes (
    security   INTEGER NOT NULL REFERENCES security (id),
    day        INTEGER NOT NULL,
    class      TEXT    NOT NULL,
    sector     TEXT    NOT NULL,
    multiplier ANY     NOT NULL,
    PRIMARY KEY (security, day)
) STRICT, WITHOUT ROWID;
