-- The sessions of a year by which the figures on file are annualised. Null in a row of an older
-- version, which took 252 for every calendar.

ALTER TABLE calendar ADD COLUMN sessions_per_year INTEGER;
