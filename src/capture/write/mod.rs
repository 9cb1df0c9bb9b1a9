//! A state as the text of a world: the same state gives the same bytes.
//!
//! | file | writes |
//! |---|---|
//! | `text` | single values as TOML has them, and lists that are too long for a line |
//! | `days` | sessions in a row as spans |
//! | `cells` | what a portfolio's line says of its days |
//! | `portfolios` | the lines of portfolios, those alike as one |
//! | `past` | invalidations and runs |
//! | `sources` | what books are made from |
//! | `calendar` | by which days the world trades |
//! | `world` | the whole file, and the words at its top |

mod calendar;
mod cells;
mod days;
mod history;
mod portfolios;
mod sources;
mod text;
mod world;

pub(super) use calendar::base_calendar;
