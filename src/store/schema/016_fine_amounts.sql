-- Quantities and prices of more than 8 decimals, or larger than 64 bits at 8, are texts, with all
-- of their decimals; the others stay integers. A change of a column's type changes no row, so the
-- definitions are edited in place: rebuilding the prices would copy millions of rows. SQLite
-- describes this in https://sqlite.org/lang_altertable.html#otheralter.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'multiplier    INTEGER NOT NULL', 'multiplier    ANY     NOT NULL')
WHERE type = 'table' AND name = 'security';
UPDATE sqlite_schema SET sql = replace(sql, 'close    INTEGER NOT NULL', 'close    ANY     NOT NULL')
WHERE type = 'table' AND name = 'price';
UPDATE sqlite_schema SET sql = replace(replace(sql,
    'was      INTEGER NOT NULL', 'was      ANY     NOT NULL'),
    'became   INTEGER NOT NULL', 'became   ANY     NOT NULL')
WHERE type = 'table' AND name = 'price_correction';
UPDATE sqlite_schema SET sql = replace(replace(sql,
    'quantity  INTEGER NOT NULL', 'quantity  ANY     NOT NULL'),
    'price     INTEGER', 'price     ANY')
WHERE type = 'table' AND name = 'entry';
PRAGMA writable_schema = RESET;
-- Other connections read the definitions again after a change that SQLite makes itself.
CREATE TABLE changed_definitions (only INTEGER) STRICT;
DROP TABLE changed_definitions;
