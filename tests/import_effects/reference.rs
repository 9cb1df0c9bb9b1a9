//! Reference model of price changes: decides for each cell by itself, without the optimisations of
//! `invalidation`.

use std::collections::BTreeSet;

use plimsoll::domain::calendar::BuiltIn;
use plimsoll::domain::{Day, IdSet, Phase};
use plimsoll::phases::LONGEST_WINDOW;

use crate::books::Cells;
use crate::sources::{
    BENCHMARK, CURRENCIES, FACTOR, PORTFOLIOS, RATE, SYMBOLS, TRADED, TestSources, TestTransaction,
    TradeKind,
};

/// The sources after a change of closes, and the changed closes.
pub(crate) struct ReferenceModel<'s> {
    pub(crate) after: &'s TestSources,
    pub(crate) changed_closes: BTreeSet<(usize, Day)>,
}

impl ReferenceModel<'_> {
    /// Returns all affected cells, done or not. Those of a portfolio with a calendar are found on its
    /// own sessions.
    pub(crate) fn affected(&self) -> Cells {
        let mut cells = self.affected_on_sessions();
        let named = (self.after.calendars.iter().enumerate()).filter(|(_, name)| !name.is_empty());
        for (at, name) in named {
            let id = at as u32 + 1;
            let calendar = BuiltIn::from_name(name).unwrap().calendar();
            let sessions = self.after.sessions.iter().copied();
            let sessions = sessions.filter(|day| calendar.is_session(*day).unwrap());
            let own = ReferenceModel {
                after: &TestSources {
                    sessions: sessions.collect(),
                    ..self.after.clone()
                },
                changed_closes: self.changed_closes.clone(),
            };
            for ((_, phase), ids) in &mut cells {
                // Risk is done again with the statistics of the holdings.
                if !matches!(phase, Phase::Securities | Phase::Risk) {
                    ids.remove(id);
                }
            }
            for ((day, phase), ids) in own.affected_on_sessions() {
                if phase != Phase::Securities && ids.contains(id) {
                    cells.entry((day, phase)).or_default().insert(id);
                }
            }
        }
        cells
    }

    fn affected_on_sessions(&self) -> Cells {
        let mut cells = Cells::new();
        let mut add = |session: usize, phase: Phase, index: usize| {
            let day = self.after.sessions[session];
            let ids: &mut IdSet = cells.entry((day, phase)).or_default();
            ids.insert(index as u32 + 1);
        };
        for session in 0..self.after.sessions.len() {
            for security in 0..SYMBOLS.len() {
                if self.is_return_changed_in_window(security, session)
                    || self.is_benchmark_or_factor_changed(session)
                {
                    add(session, Phase::Securities, security);
                }
            }
            for portfolio in 0..PORTFOLIOS.len() {
                for phase in Phase::CELL_PHASES {
                    let through = |security| self.is_affected(portfolio, security, session, phase);
                    // Benchmark and factor are converted to the portfolio's currency.
                    let converted = CURRENCIES[BENCHMARK] != self.after.currencies[portfolio]
                        && self.is_return_changed_in_window(RATE, session);
                    let by_risk = phase == Phase::Risk
                        && (converted || self.is_benchmark_or_factor_changed(session));
                    if by_risk || (0..TRADED).any(through) {
                        add(session, phase, portfolio);
                    }
                }
            }
        }
        cells
    }

    fn is_affected(&self, portfolio: usize, security: usize, session: usize, phase: Phase) -> bool {
        let is_held = |session| self.is_held(portfolio, security, session);
        let foreign = CURRENCIES[security] != self.after.currencies[portfolio];
        let price = |session| self.is_price_changed(security, session);
        let rate = |session| foreign && self.is_price_changed(RATE, session);
        let valued = |session| price(session) || rate(session);
        let at_session = is_held(session) && valued(session);
        let before = session.checked_sub(1);
        let at_previous = before.is_some_and(|before| is_held(before) && valued(before));
        let ever = |effect: fn(&TestTransaction, bool) -> bool| {
            self.transactions_until(portfolio, security, session)
                .any(|transaction| {
                    let booked = self.session_on_or_after(transaction.day);
                    (price(booked) && effect(transaction, false))
                        || (rate(booked) && effect(transaction, true))
                })
        };
        // A converted amount changes cash, and so all later cells.
        let everything = ever(|transaction, converted| {
            let trade = matches!(transaction.kind, TradeKind::Buy | TradeKind::Sell)
                && transaction.amount.is_none();
            let transfer = transaction.kind == TradeKind::TransferIn && transaction.price.is_some();
            converted && (trade || transfer)
        });
        let cost = ever(|transaction, _| {
            transaction.kind == TradeKind::TransferIn && transaction.price.is_none()
        });
        if everything || at_session {
            return true;
        }
        match phase {
            Phase::Snapshot => {
                let is_flow = |transaction: &TestTransaction| {
                    let transfer = matches!(
                        transaction.kind,
                        TradeKind::TransferIn | TradeKind::TransferOut
                    );
                    transfer
                        && self.session_on_or_after(transaction.day) == session
                        && valued(session)
                };
                let mut transactions = self.transactions_until(portfolio, security, session);
                at_previous
                    || cost
                    || ever(|transaction, _| transaction.kind == TradeKind::TransferOut)
                    || transactions.any(is_flow)
            }
            Phase::Positions => cost && is_held(session),
            Phase::Risk => {
                is_held(session)
                    && (self.is_return_changed_in_window(security, session)
                        || foreign && self.is_return_changed_in_window(RATE, session))
            }
            _ => false,
        }
    }

    /// Returns true if the price as of a session is one of the changed closes.
    fn is_price_changed(&self, security: usize, session: usize) -> bool {
        let latest = (0..=session).rev().find(|at| {
            let day = self.after.sessions[*at];
            self.after.closes.contains_key(&(security, day))
        });
        latest.is_some_and(|at| {
            self.changed_closes
                .contains(&(security, self.after.sessions[at]))
        })
    }

    /// Returns true if a changed return is in the longest window that ends on a session. The return
    /// of a close is relative to the previous price.
    fn is_return_changed_in_window(&self, security: usize, session: usize) -> bool {
        let first = (session + 1).saturating_sub(LONGEST_WINDOW);
        (first..=session).any(|at| {
            self.is_price_changed(security, at)
                || (at > 0 && self.is_price_changed(security, at - 1))
        })
    }

    fn is_benchmark_or_factor_changed(&self, session: usize) -> bool {
        self.is_return_changed_in_window(BENCHMARK, session)
            || self.is_return_changed_in_window(FACTOR, session)
    }

    /// Returns the index of the first session on or after a day.
    fn session_on_or_after(&self, day: Day) -> usize {
        let mut sessions = self.after.sessions.iter();
        sessions.position(|session| *session >= day).unwrap()
    }

    fn transactions_until(
        &self,
        portfolio: usize,
        security: usize,
        until: usize,
    ) -> impl Iterator<Item = &TestTransaction> {
        let last = self.after.sessions[until];
        self.after.transactions.iter().filter(move |transaction| {
            transaction.portfolio == portfolio
                && transaction.security == security
                && transaction.day <= last
        })
    }

    /// Returns true if the holding at the end of a session is not zero. The splits in these tests
    /// never need more than eight decimals, so the integer arithmetic is exact.
    fn is_held(&self, portfolio: usize, security: usize, session: usize) -> bool {
        let mut quantity = 0_i64;
        let mut day = self.after.sessions[0];
        while day <= self.after.sessions[session] {
            for split in &self.after.splits {
                if split.security == security && split.day == day {
                    quantity = quantity * split.new / split.old;
                }
            }
            for transaction in self.transactions_until(portfolio, security, session) {
                let out = matches!(transaction.kind, TradeKind::Sell | TradeKind::TransferOut);
                let sign = if out { -1 } else { 1 };
                if transaction.day == day {
                    quantity += sign * transaction.quantity * 100_000_000;
                }
            }
            day = day.next();
        }
        quantity != 0
    }
}
