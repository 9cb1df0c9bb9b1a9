//! What closes touch, said cell by cell and without any cleverness: the twin of the sweep.

use std::collections::BTreeSet;

use plimsoll::domain::{Day, IdSet, Phase};
use plimsoll::phases::LONGEST_WINDOW;

use crate::books::Cells;
use crate::sketch::{
    Act, BENCHMARK, CURRENCIES, FACTOR, Move, PORTFOLIOS, RATE, SYMBOLS, Sketch, TRADED,
};

/// The rule, over the sources as they are after the closes of some securities were set.
pub(crate) struct Rule<'s> {
    pub(crate) after: &'s Sketch,
    pub(crate) set: BTreeSet<(usize, Day)>,
}

impl Rule<'_> {
    /// Everything that is touched, whether or not it is done.
    pub(crate) fn touched(&self) -> Cells {
        let mut cells = Cells::new();
        let mut add = |session: usize, phase: Phase, subject: usize| {
            let day = self.after.sessions[session];
            let subjects: &mut IdSet = cells.entry((day, phase)).or_default();
            subjects.insert(subject as u32 + 1);
        };
        for session in 0..self.after.sessions.len() {
            for security in 0..SYMBOLS.len() {
                if self.measured(security, session) || self.yardstick(session) {
                    add(session, Phase::Securities, security);
                }
            }
            for portfolio in 0..PORTFOLIOS.len() {
                for phase in Phase::CELL_PHASES {
                    let through = |security| self.is_touched(portfolio, security, session, phase);
                    let by_risk = phase == Phase::Risk && self.yardstick(session);
                    if by_risk || (0..TRADED).any(through) {
                        add(session, phase, portfolio);
                    }
                }
            }
        }
        cells
    }

    fn is_touched(&self, portfolio: usize, security: usize, session: usize, phase: Phase) -> bool {
        let held = |session| self.held(portfolio, security, session);
        let foreign = CURRENCIES[security] != self.after.currencies[portfolio];
        let price = |session| self.differs(security, session);
        let rate = |session| foreign && self.differs(RATE, session);
        let valued = |session| price(session) || rate(session);
        let now = held(session) && valued(session);
        let before = session.checked_sub(1);
        let passed = before.is_some_and(|before| held(before) && valued(before));
        let ever = |effect: fn(&Move, bool) -> bool| {
            self.movements(portfolio, security, session).any(|one| {
                let counts = self.counts_on(one.day);
                (price(counts) && effect(one, false)) || (rate(counts) && effect(one, true))
            })
        };
        let everything = ever(|one, converted| {
            let trade = matches!(one.act, Act::Buy | Act::Sell) && one.amount.is_none();
            converted && (trade || (one.act == Act::In && one.price.is_some()))
        });
        let cost = ever(|one, _| one.act == Act::In && one.price.is_none());
        if everything || now {
            return true;
        }
        match phase {
            Phase::Snapshot => {
                let flow = |one: &Move| {
                    let transfer = matches!(one.act, Act::In | Act::Out);
                    transfer && self.counts_on(one.day) == session && valued(session)
                };
                let mut moves = self.movements(portfolio, security, session);
                passed || cost || ever(|one, _| one.act == Act::Out) || moves.any(flow)
            }
            Phase::Positions => cost && held(session),
            Phase::Risk => held(session) && self.measured(security, session),
            _ => false,
        }
    }

    /// Whether the price as of a session is one of the closes that were set.
    fn differs(&self, security: usize, session: usize) -> bool {
        let latest = (0..=session).rev().find(|at| {
            let day = self.after.sessions[*at];
            self.after.closes.contains_key(&(security, day))
        });
        latest.is_some_and(|at| self.set.contains(&(security, self.after.sessions[at])))
    }

    /// Whether a return that differs is in the longest window that ends on a session. The return
    /// of a close is over the price before it.
    fn measured(&self, security: usize, session: usize) -> bool {
        let first = (session + 1).saturating_sub(LONGEST_WINDOW);
        (first..=session)
            .any(|at| self.differs(security, at) || (at > 0 && self.differs(security, at - 1)))
    }

    fn yardstick(&self, session: usize) -> bool {
        self.measured(BENCHMARK, session) || self.measured(FACTOR, session)
    }

    /// The first session that is not before a day.
    fn counts_on(&self, day: Day) -> usize {
        let mut sessions = self.after.sessions.iter();
        sessions.position(|session| *session >= day).unwrap()
    }

    fn movements(
        &self,
        portfolio: usize,
        security: usize,
        until: usize,
    ) -> impl Iterator<Item = &Move> {
        let last = self.after.sessions[until];
        self.after.moves.iter().filter(move |one| {
            one.portfolio == portfolio && one.security == security && one.day <= last
        })
    }

    /// Whether anything is held at the end of a session. The splits of a sketch leave whole
    /// hundred-millionths of its quantities.
    fn held(&self, portfolio: usize, security: usize, session: usize) -> bool {
        let mut quantity = 0_i64;
        let mut day = self.after.sessions[0];
        while day <= self.after.sessions[session] {
            for split in &self.after.splits {
                if split.security == security && split.day == day {
                    quantity = quantity * split.new / split.old;
                }
            }
            for one in self.movements(portfolio, security, session) {
                let out = matches!(one.act, Act::Sell | Act::Out);
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
