-- What a transaction was before it was corrected or voided, as JSON; null where it was voided before.
CREATE TABLE transaction_change (
    id        INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    reference TEXT    NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('corrected', 'voided', 'restored')),
    by        TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    was       TEXT
) STRICT;
CREATE INDEX transaction_change_by_reference ON transaction_change (reference, id);

-- Closes that were deleted. The close is a decimal number.
CREATE TABLE price_deletion (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    security INTEGER NOT NULL REFERENCES security (id),
    was      TEXT    NOT NULL,
    by       TEXT    NOT NULL,
    reason   TEXT    NOT NULL
) STRICT;
