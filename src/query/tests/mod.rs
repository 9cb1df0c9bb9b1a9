//! Answers on a small filled database, and on what is done to it.

mod books;
mod explain;
mod grid;
mod health;
mod runs;
mod status;
