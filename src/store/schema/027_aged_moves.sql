-- The prices and rates that were not of the session on which they valued an amount, packed; NULL
-- without any.
ALTER TABLE snapshot ADD COLUMN aged_moves BLOB;
CREATE INDEX snapshot_with_aged_moves ON snapshot (cell) WHERE aged_moves IS NOT NULL;
