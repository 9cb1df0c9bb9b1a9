-- Who may use the server. A token is never stored, only the SHA-256 of it; its handle is the part
-- that may be seen. Names are free again once their token is revoked.
CREATE TABLE token (
    id      INTEGER PRIMARY KEY,
    handle  TEXT    NOT NULL UNIQUE,
    name    TEXT    NOT NULL,
    scope   TEXT    NOT NULL CHECK (scope IN ('read', 'admin')),
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    made    INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
) STRICT;
CREATE UNIQUE INDEX token_by_name ON token (name) WHERE revoked IS NULL;
