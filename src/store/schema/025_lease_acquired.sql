-- The rate of a run is measured from the wall-clock time at which it took the lease: `run.started`
-- is a time of the books, which `--now` sets. NULL in the lease of an older version.

ALTER TABLE lease ADD COLUMN acquired INTEGER;
