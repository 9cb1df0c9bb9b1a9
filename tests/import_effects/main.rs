//! Imports files into a real database and checks which records change and which cells are
//! invalidated, before and after real runs.

mod attributes;
mod books;
mod corrections;
mod deleted_actions;
mod encodings;
mod extremes;
mod files;
mod inbox;
mod lifecycle;
mod own_calendars;
mod portfolio_calendars;
mod profile_page;
mod profiles;
mod properties;
mod rates;
mod reference;
mod samples;
mod sources;
mod symbols;
mod vendor_prices;
mod withdrawals;
