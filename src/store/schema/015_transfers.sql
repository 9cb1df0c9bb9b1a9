-- The portfolio at the other end of a transfer, and the lots that a sale or transfer out closes.
ALTER TABLE entry ADD COLUMN counterpart INTEGER REFERENCES portfolio (id);
ALTER TABLE entry ADD COLUMN lots TEXT;
CREATE INDEX entry_by_counterpart ON entry (counterpart) WHERE counterpart IS NOT NULL;
