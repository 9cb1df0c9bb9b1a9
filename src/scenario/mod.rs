//! Worlds as files: a state of the database and clock that anybody can write, keep and replay.
//!
//! [`world`] reads what a file says; [`market`] makes up from a seed what it leaves out. Both are
//! pure: text goes in, sources and coverage come out. [`load()`] makes a database of a world.

mod load;
pub mod market;
pub mod world;

pub use load::{LoadError, load};
