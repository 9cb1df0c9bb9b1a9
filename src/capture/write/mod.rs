//! Writes a state as the text of a world. The same state gives the same bytes.
//!
//! | file | builds |
//! |---|---|
//! | `cells` | the keys of a portfolio that describe its cells |
//! | `portfolios` | keys and lifecycles of portfolios |
//! | `history` | invalidations and runs |
//! | `sources` | transactions, securities, splits, the risk model and closes |
//! | `calendar` | the calendar and its amendments |
//! | `world` | the complete world, and the file with its header comment |

mod calendar;
mod cells;
mod history;
mod portfolios;
mod sources;
mod world;
