//! The prices of changed currency pairs, each as fresh as it was before a change or is after it.
//!
//! Of several ways to convert, the freshest is used. A way that no changed pair is part of, and that
//! is used with these prices, is also used before and after the change, whose prices are never
//! fresher. So the sessions on which a change of a pair has an effect are those on which it is used
//! with these prices.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Day, Price, Security, SecurityCalendars, SecurityId, is_closed};
use crate::phases::{Close, is_currency_pair};

/// The prices of changed currency pairs at their freshest.
#[derive(Debug)]
pub(super) enum FreshestPrices<'c> {
    /// Closes of a pair changed: it has one on each of these days.
    Closes(&'c BTreeSet<Day>),
    /// Calendars of pairs changed.
    Calendars(&'c PairCalendars),
}

/// The currency pairs whose calendars change, each with the sessions on which it is open before and
/// after the change.
#[derive(Debug, Default)]
pub(super) struct PairCalendars(BTreeMap<SecurityId, Vec<Day>>);

impl PairCalendars {
    /// Adds a security that had the sessions `was` and has the sessions `now`, unless it is no
    /// currency pair. `sessions` are all those of the database.
    pub(super) fn add(
        &mut self,
        sessions: &[Day],
        security: &Security,
        was: Option<&[Day]>,
        now: Option<&[Day]>,
    ) {
        let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else {
            return;
        };
        if is_currency_pair(security) {
            let open = sessions.iter().copied();
            let open = open.filter(|day| !is_closed(was, *day) && !is_closed(now, *day));
            // A calendar closes only days between two of its sessions.
            let open = [first.previous()].into_iter().chain(open);
            let open = open.chain([last.saturating_add(1)]).collect();
            self.0.insert(security.id, open);
        }
    }
}

impl FreshestPrices<'_> {
    /// Returns whether [`Self::closes`] has a close in the place of a stored one.
    pub(super) fn replaces(&self, pair: SecurityId, security: SecurityId, day: Day) -> bool {
        match self {
            Self::Closes(days) => security == pair && days.contains(&day),
            Self::Calendars(_) => false,
        }
    }

    /// Returns the closes of `pair` that stand for the changed ones.
    pub(super) fn closes(&self, pair: SecurityId) -> Vec<Close> {
        let days = match self {
            Self::Closes(days) => days.iter(),
            Self::Calendars(_) => return Vec::new(),
        };
        let close = |day: &Day| Close {
            security: pair,
            day: *day,
            price: Price::whole(1),
        };
        days.map(close).collect()
    }

    /// Returns the calendars in force, and those of the changed pairs, which `securities` then name.
    pub(super) fn calendars(
        &self,
        in_force: SecurityCalendars,
        securities: &mut [Security],
    ) -> SecurityCalendars {
        let Self::Calendars(PairCalendars(changed)) = self else {
            return in_force;
        };
        let named = in_force.names().filter_map(|name| {
            let sessions = in_force.named(name)?;
            Some((name.to_owned(), sessions.to_vec()))
        });
        let mut calendars: Vec<(String, Vec<Day>)> = named.collect();
        for security in securities {
            if let Some(open) = changed.get(&security.id) {
                // No calendar has an empty name, or one that begins with a blank.
                let name = format!(" {}", security.id.0);
                calendars.push((name.clone(), open.clone()));
                security.calendar = Some(name);
            }
        }
        calendars.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NewSecurity;
    use crate::invalidation::sample::{day, sessions};

    #[test]
    fn a_pair_is_closed_where_it_was_or_is() {
        let sessions = sessions(5);
        let mut pair = NewSecurity::equity("CHFUSD").with_id(SecurityId(1));
        let share = NewSecurity::equity("ALPN").with_id(SecurityId(2));
        let (was, now) = ([day(0), day(4), day(8)], [day(0), day(2), day(4), day(8)]);
        let mut changed = PairCalendars::default();
        for security in [&pair, &share] {
            changed.add(&sessions, security, Some(&was[..]), Some(&now[..]));
        }
        let freshest = FreshestPrices::Calendars(&changed);
        let calendars = freshest.calendars(
            SecurityCalendars::default(),
            std::slice::from_mut(&mut pair),
        );
        let closed = sessions
            .iter()
            .filter(|day| calendars.is_closed(&pair, **day));
        assert_eq!(closed.copied().collect::<Vec<_>>(), [day(2), day(6)]);
        assert_eq!(calendars.names().count(), 1);
        assert!(freshest.closes(pair.id).is_empty());
    }
}
