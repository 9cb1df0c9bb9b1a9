-- The rules by which a portfolio keeps the cost of its holdings: the lots that a sale closes, and
-- whether fees belong to cost.
ALTER TABLE portfolio ADD COLUMN cost_basis TEXT NOT NULL DEFAULT 'fifo';
ALTER TABLE portfolio ADD COLUMN fees TEXT NOT NULL DEFAULT 'expense';
