//! Tests of the server over real connections: access, API, pages, runs.

mod access;
mod bodies;
mod books;
mod connections;
mod damage;
mod metrics;
mod openapi;
mod pages;
mod plans;
mod runs;
mod sign_in;
mod test_server;
