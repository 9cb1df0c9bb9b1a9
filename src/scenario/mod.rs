//! Worlds as files: a state of the database and clock that anybody can write, keep and replay.
//!
//! [`market`] makes up from a seed whatever a world leaves out.

pub mod market;
