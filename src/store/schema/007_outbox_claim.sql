-- The time until which the process that sends a message keeps others from sending it.
ALTER TABLE outbox ADD COLUMN claimed_until INTEGER;
