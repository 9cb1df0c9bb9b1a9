-- The time of day of a transaction, in microseconds since midnight, which orders those of one day.
ALTER TABLE entry ADD COLUMN time INTEGER;
