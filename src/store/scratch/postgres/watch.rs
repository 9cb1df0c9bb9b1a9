//! Writes the tables and triggers by which a PostgreSQL database records writes and makes them fail.

use crate::store::foreign::identifier;
use crate::store::scratch::statements::FAILURE;
use crate::store::scratch::values::{WatchedTable, WriteFaultKind, WriteKind};

/// Tables of the harness: the mark, the recorded writes and the armed fault.
///
/// Rows may be inserted in any order of their foreign keys: these are checked at the end of the
/// harness's transactions, and at once in those of the job, as before.
pub(super) const HARNESS_TABLES: &str = "
    CREATE SCHEMA plimsoll;
    CREATE TABLE plimsoll.scratch (made_by text NOT NULL);
    INSERT INTO plimsoll.scratch VALUES ('plimsoll job');
    CREATE SEQUENCE plimsoll.write_numbers;
    CREATE TABLE plimsoll.writes (
        number bigint NOT NULL, source integer NOT NULL, kind text NOT NULL, portfolio text, day text
    );
    CREATE TABLE plimsoll.fault (number bigint NOT NULL, kind text NOT NULL);
    DO $plimsoll$
    DECLARE key record;
    BEGIN
        FOR key IN SELECT conrelid::pg_catalog.regclass AS of_table, conname
            FROM pg_catalog.pg_constraint
            WHERE contype = 'f' AND conparentid = 0 AND NOT condeferrable
        LOOP
            EXECUTE pg_catalog.format(
                'ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY IMMEDIATE',
                key.of_table, key.conname);
        END LOOP;
    END $plimsoll$;";

/// The advisory lock of a write that hangs, by which its process is killed inside it.
pub(super) const HANG_LOCK: (i32, i32) = (1_886_153_069, 1);

/// Returns the triggers that record the writes to a table, by its qualified and quoted name, and
/// apply an armed fault to them. A write that fails, or whose transaction is rolled back, leaves no
/// record. From the armed write on, all fail, as in a SQLite file.
///
/// The function runs as the user of the harness, with its own form of dates, in any session of the
/// job, also in one that switches triggers off.
pub(super) fn triggers(watched: &WatchedTable, table: &str) -> String {
    let source = watched.source;
    let (portfolio, day) = (identifier(&watched.portfolio), identifier(&watched.day));
    let (class, object) = HANG_LOCK;
    let (delete, raise, hang) = (
        WriteKind::Delete.name(),
        WriteFaultKind::Raise.name(),
        WriteFaultKind::Hang.name(),
    );
    format!(
        "CREATE FUNCTION plimsoll.watch_{source}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog SET DateStyle = 'ISO, YMD' SET TimeZone = 'UTC'
        AS $plimsoll$
        DECLARE
            written record;
            this bigint;
            armed text;
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                INSERT INTO plimsoll.writes
                SELECT nextval('plimsoll.write_numbers'), {source}, '{delete}',
                       t.{portfolio}::text, t.{day}::text
                FROM {table} t;
                RETURN NULL;
            END IF;
            IF TG_OP = 'DELETE' THEN written := OLD; ELSE written := NEW; END IF;
            this := nextval('plimsoll.write_numbers');
            INSERT INTO plimsoll.writes
            VALUES (this, {source}, lower(TG_OP), written.{portfolio}::text, written.{day}::text);
            SELECT kind INTO armed FROM plimsoll.fault WHERE number <= this;
            IF armed = '{raise}' THEN RAISE EXCEPTION '{FAILURE}'; END IF;
            IF armed = '{hang}' THEN
                PERFORM pg_advisory_xact_lock({class}, {object});
                PERFORM pg_sleep(1000000);
            END IF;
            RETURN NULL;
        END $plimsoll$;
        CREATE TRIGGER plimsoll_watch_{source}_rows
        AFTER INSERT OR UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION plimsoll.watch_{source}();
        CREATE TRIGGER plimsoll_watch_{source}_all
        BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION plimsoll.watch_{source}();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER plimsoll_watch_{source}_rows;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER plimsoll_watch_{source}_all;"
    )
}
