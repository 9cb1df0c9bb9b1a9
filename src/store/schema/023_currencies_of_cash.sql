-- Finds the currencies of cash and the portfolios that use each without reading a transaction.
CREATE INDEX entry_by_cash_currency ON entry (currency, portfolio, day) WHERE currency IS NOT NULL;
CREATE INDEX entry_by_fee_currency ON entry (fee_currency, portfolio, day)
    WHERE fee_currency IS NOT NULL;
CREATE INDEX entry_by_from_currency ON entry (from_currency, portfolio, day)
    WHERE from_currency IS NOT NULL;
