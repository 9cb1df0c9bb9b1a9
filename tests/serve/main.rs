//! The server over real connections: who is let in, what is answered, what a run does meanwhile.

mod bodies;
mod books;
mod description;
mod doors;
mod house;
mod metrics;
mod pages;
mod runs;
mod visits;
