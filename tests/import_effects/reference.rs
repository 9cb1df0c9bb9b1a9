//! What closes touch, said cell by cell and without any cleverness: the twin of the sweep.

use std::collections::BTreeSet;

use plimsoll::domain::{Day, IdSet, Phase};
use plimsoll::phases::LONGEST_WINDOW;

use crate::books::Cells;
use crate::sources::{
    BENCHMARK, CURRENCIES, FACTOR, PORTFOLIOS, RATE, SYMBOLS, TRADED, TestSources, TestTransaction,
    TradeKind,
};

/// The rule, over the sources as they are after the closes of some securities were set.
pub(crate) struct ReferenceModel<'s> {
    pub(crate) after: &'s TestSources,
    pub(crate) changed_closes: BTreeSet<(usize, Day)>,
}

impl ReferenceModel<'_> {
    /// Everything that is touched, whether or not it is done.
    pub(crate) fn affected(&self) -> Cells {
        let mut cells = Cells::new();
        let mut add = |session: usize, phase: Phase, subject: usize| {
            let day = self.after.sessions[session];
            let subjects: &mut IdSet = cells.entry((day, phase)).or_default();
            subjects.insert(subject as u32 + 1);
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
                    let by_risk =
                        phase == Phase::Risk && self.is_benchmark_or_factor_changed(session);
                    if by_risk || (0..TRADED).any(through) {
                        add(session, phase, portfolio);
                    }
                }
            }
        }
        cells
    }

    fn is_affected(&self, portfolio: usize, security: usize, session: usize, phase: Phase) -> bool {
        let held = |session| self.is_held(portfolio, security, session);
        let foreign = CURRENCIES[security] != self.after.currencies[portfolio];
        let price = |session| self.is_price_changed(security, session);
        let rate = |session| foreign && self.is_price_changed(RATE, session);
        let valued = |session| price(session) || rate(session);
        let now = held(session) && valued(session);
        let before = session.checked_sub(1);
        let passed = before.is_some_and(|before| held(before) && valued(before));
        let ever = |effect: fn(&TestTransaction, bool) -> bool| {
            self.transactions_until(portfolio, security, session)
                .any(|one| {
                    let counts = self.session_on_or_after(one.day);
                    (price(counts) && effect(one, false)) || (rate(counts) && effect(one, true))
                })
        };
        let everything = ever(|one, converted| {
            let trade =
                matches!(one.kind, TradeKind::Buy | TradeKind::Sell) && one.amount.is_none();
            converted && (trade || (one.kind == TradeKind::TransferIn && one.price.is_some()))
        });
        let cost = ever(|one, _| one.kind == TradeKind::TransferIn && one.price.is_none());
        if everything || now {
            return true;
        }
        match phase {
            Phase::Snapshot => {
                let flow = |one: &TestTransaction| {
                    let transfer =
                        matches!(one.kind, TradeKind::TransferIn | TradeKind::TransferOut);
                    transfer && self.session_on_or_after(one.day) == session && valued(session)
                };
                let mut moves = self.transactions_until(portfolio, security, session);
                passed
                    || cost
                    || ever(|one, _| one.kind == TradeKind::TransferOut)
                    || moves.any(flow)
            }
            Phase::Positions => cost && held(session),
            Phase::Risk => held(session) && self.is_return_changed_in_window(security, session),
            _ => false,
        }
    }

    /// Whether the price as of a session is one of the closes that were set.
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

    /// Whether a return that differs is in the longest window that ends on a session. The return
    /// of a close is over the price before it.
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

    /// The first session that is not before a day.
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
        self.after.transactions.iter().filter(move |one| {
            one.portfolio == portfolio && one.security == security && one.day <= last
        })
    }

    /// Whether anything is held at the end of a session. The splits of a sketch leave whole
    /// hundred-millionths of its quantities.
    fn is_held(&self, portfolio: usize, security: usize, session: usize) -> bool {
        let mut quantity = 0_i64;
        let mut day = self.after.sessions[0];
        while day <= self.after.sessions[session] {
            for split in &self.after.splits {
                if split.security == security && split.day == day {
                    quantity = quantity * split.new / split.old;
                }
            }
            for one in self.transactions_until(portfolio, security, session) {
                let out = matches!(one.kind, TradeKind::Sell | TradeKind::TransferOut);
                let sign = if out { -1 } else { 1 };
                if one.day == day {
                    quantity += sign * one.quantity * 100_000_000;
                }
            }
            day = day.next();
        }
        quantity != 0
    }
}
