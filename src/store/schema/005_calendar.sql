-- The calendar travels with the database: its definition, and a digest of sessions and definition.
-- Both are null in a row of an older version.

ALTER TABLE calendar ADD COLUMN definition TEXT;
ALTER TABLE calendar ADD COLUMN digest BLOB;
