//! Worlds as files: a state of the database and clock that anybody can write, keep and replay.
