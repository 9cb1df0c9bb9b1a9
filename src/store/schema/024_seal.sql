-- A hash of `state` and `digested`, so that `verify` finds a change of them too.
ALTER TABLE file_state ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
