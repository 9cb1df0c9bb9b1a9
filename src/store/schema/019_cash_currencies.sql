-- The currencies of a transaction's cash, and what an exchange pays.
ALTER TABLE entry ADD COLUMN currency TEXT;
ALTER TABLE entry ADD COLUMN fee_currency TEXT;
ALTER TABLE entry ADD COLUMN from_amount INTEGER;
ALTER TABLE entry ADD COLUMN from_currency TEXT;
CREATE INDEX entry_by_currency ON entry (portfolio, day)
    WHERE currency IS NOT NULL OR fee_currency IS NOT NULL OR from_currency IS NOT NULL;

-- Cash balances in currencies other than the portfolio's. The key of a cell is as in `snapshot`.
CREATE TABLE foreign_cash (
    cell        INTEGER NOT NULL,
    currency    TEXT    NOT NULL,
    balance     INTEGER NOT NULL,
    value       INTEGER NOT NULL,
    cost        INTEGER NOT NULL,
    quality     INTEGER NOT NULL,
    fx_gain     INTEGER NOT NULL,
    fx_realized INTEGER NOT NULL,
    PRIMARY KEY (cell, currency)
) STRICT, WITHOUT ROWID;
