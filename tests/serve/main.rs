//! The server over real connections: who is let in, what is answered, what a run does meanwhile.

mod access;
mod bodies;
mod books;
mod metrics;
mod openapi;
mod pages;
mod runs;
mod sign_in;
mod test_server;
