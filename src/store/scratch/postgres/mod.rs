//! Scratch databases of a PostgreSQL server, copied by `CREATE DATABASE … TEMPLATE`.

mod connection;
mod database;
mod server;
mod watch;

pub(crate) use database::PostgresScratch;
pub(crate) use server::ScratchServer;
