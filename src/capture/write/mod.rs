//! Writes a state as the text of a world. The same state gives the same bytes.
//!
//! | file | writes |
//! |---|---|
//! | `text` | single TOML values, and lists with line breaks |
//! | `days` | ranges of sessions as spans |
//! | `cells` | the keys of a portfolio that describe its cells |
//! | `portfolios` | the lines of portfolios, equal neighbours as one |
//! | `history` | invalidations and runs |
//! | `sources` | transactions, securities, splits, the risk model and closes |
//! | `calendar` | the calendar and its amendments |
//! | `world` | the complete file with its header comment |

mod calendar;
mod cells;
mod days;
mod history;
mod portfolios;
mod sources;
mod text;
mod world;

pub(super) use calendar::base_calendar;
