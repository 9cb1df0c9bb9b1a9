-- The first day whose session a change since the last run may have made unpriced, and the share above
-- which that run counted a session as unpriced.
ALTER TABLE revision ADD COLUMN unpriced_from INTEGER;
ALTER TABLE revision ADD COLUMN unpriced_above REAL;
