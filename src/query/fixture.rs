//! A small database for the tests of this layer: two active portfolios, a deleted one, three
//! securities and a benchmark, with invented closes on thirty weekdays.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use crate::domain::{
    AssetClass, Calendar, Cell, CellSelection, CloseChange, Correction, Day, DayRange, Factor,
    Lifecycle, Money, NewPortfolio, NewSecurity, Phase, PhaseSet, Portfolio, PortfolioId, Price,
    Quantity, RiskModel, Scope, SecurityId, Shock, Transaction, TransactionKind,
};
use crate::engine::{Outcome, RunRequest, Settings, run};
use crate::environment::Environment;
use crate::invalidation::invalidate;
use crate::plan::Request;
use crate::store::{RunNumber, Store};

/// Number of sessions up to the target.
pub(super) const SESSIONS: usize = 30;

/// A database in a temporary folder, with the settings and clocks of a run.
pub(super) struct Fixture {
    _folder: TempDir,
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) environment: Environment,
    /// By id from 1: Alpha and Beta are active, Gone is deleted.
    pub(super) portfolios: Vec<Portfolio>,
    /// The sessions up to the target.
    pub(super) days: Vec<Day>,
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A database that a run has filled.
pub(super) fn filled() -> Fixture {
    let fixture = unfilled();
    fixture.run();
    fixture
}

/// A database with sources and without a run.
pub(super) fn unfilled() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(folder.path().join("books.db")).unwrap();
    let calendar = Calendar::weekdays();
    let settings = Settings {
        calendar: calendar.clone(),
        model: Some(model()),
        ..Settings::new_york()
    };
    let range = DayRange::new(day("2025-11-27"), day("2026-01-07")).unwrap();
    let days = calendar.sessions(range).unwrap().to_vec();
    assert_eq!(days.len(), SESSIONS);
    let mut fixture = Fixture {
        _folder: folder,
        store,
        settings,
        environment: Environment::fixed(instant("2026-01-08T12:00:00Z"), 1),
        portfolios: Vec::new(),
        days,
    };
    fixture.write_sources();
    fixture
}

fn model() -> RiskModel {
    RiskModel {
        benchmark: Some("INDEX".to_owned()),
        factors: vec![Factor {
            name: "value".to_owned(),
            symbol: "ACME".to_owned(),
        }],
        shocks: vec![Shock {
            name: "crash".to_owned(),
            market: -0.3,
            classes: Default::default(),
            sectors: Default::default(),
        }],
    }
}

impl Fixture {
    /// Runs all active portfolios to the end.
    pub(super) fn run(&self) -> Outcome {
        let request = RunRequest::new(Request::new(Scope::AllActive), "all active");
        let cancel = AtomicBool::new(false);
        let observer = crate::engine::RunObserver::unobserved(&cancel);
        run(
            &self.store,
            &request,
            &self.settings,
            &self.environment,
            &observer,
        )
        .unwrap()
    }

    /// Alpha, whose inception is the first session.
    pub(super) fn alpha(&self) -> &Portfolio {
        &self.portfolios[0]
    }

    /// Invalidates phases of Alpha's cell on a day.
    pub(super) fn invalidate_alpha(&self, day: Day, phases: PhaseSet) {
        let scope = Scope::from_ids([self.alpha().id]).unwrap();
        let now = self.environment.clock.now();
        let mut writer = self.store.writer().unwrap();
        let selection = CellSelection {
            scope: &scope,
            phases,
            range: DayRange::single(day),
        };
        let calendar = &self.settings.calendar;
        writer
            .write(|writing| invalidate(writing, calendar, &selection, "it looks wrong", now))
            .unwrap();
    }

    /// Advances the clocks by a day: one more session is due, without any close.
    pub(super) fn advance_one_day(&self) {
        self.environment.clock.advance(TimeDelta::days(1));
        self.environment.wall_clock.advance(TimeDelta::days(1));
    }

    /// The configured calendar without the session with index `at`.
    pub(super) fn without_session(&self, at: usize) -> Calendar {
        let text = format!(
            "name = \"amended\"\nzone = \"UTC\"\nbased-on = \"weekdays\"\nclose = \"16:00\"\n\
             years = {{ first = 2025, last = 2026 }}\nclosed = [{{ day = {} }}]",
            self.days[at]
        );
        Calendar::from_toml(&text).unwrap()
    }

    /// Changes rows with plain SQL, as a fault of the disk or of a person would.
    pub(super) fn damage(&self, sql: &str) {
        let changed = self.store.writer().unwrap().damage(sql);
        assert!(changed > 0, "{sql} changes nothing");
    }

    /// Records so many failures of Alpha's cell that the phase is quarantined.
    pub(super) fn quarantine_alpha(&self, day: Day, phase: Phase) {
        let cell = Cell::new(day, self.alpha().id);
        let now = self.environment.clock.now();
        let mut writer = self.store.writer().unwrap();
        for _ in 0..self.settings.quarantine_after {
            writer
                .write(|writing| {
                    writing
                        .failures()
                        .record(cell, phase, "no luck", now, RunNumber(1))
                })
                .unwrap();
        }
    }

    /// Deletes Alpha, as an import of portfolios does.
    pub(super) fn delete_alpha(&self) {
        let was = self.alpha().clone();
        let mut now = was.clone();
        let deleted_at = self.environment.clock.now();
        now.lifecycle = was.lifecycle.with_deleted_at(Some(deleted_at));
        let mut writer = self.store.writer().unwrap();
        writer
            .write(|writing| writing.portfolios().correct(&[Correction { was, now }]))
            .unwrap();
    }

    /// The last session that is due.
    pub(super) fn target(&self) -> Day {
        self.days[SESSIONS - 1]
    }

    fn write_sources(&mut self) {
        let now = self.environment.clock.now();
        let days = self.days.clone();
        let mut writer = self.store.writer().unwrap();
        self.portfolios = writer
            .write(|writing| {
                let lifecycles = [
                    ("Alpha", Lifecycle::new(days[0])),
                    ("Beta", Lifecycle::new(days[10])),
                    ("Gone", Lifecycle::new(days[0]).with_deleted_at(Some(now))),
                ];
                let new =
                    lifecycles.map(|(name, lifecycle)| NewPortfolio::in_dollars(name, lifecycle));
                writing.portfolios().add(new)?;
                for (symbol, class) in [
                    ("ACME", AssetClass::Equity),
                    ("BOLT", AssetClass::Equity),
                    ("CORE", AssetClass::Fund),
                    ("INDEX", AssetClass::Index),
                ] {
                    writing.securities().add(&security(symbol, class))?;
                }
                writing.closes().set(&closes(&days), now)?;
                writing.entries().add(&entries(&days))?;
                writing.increment_revision()?;
                writing.portfolios().all()
            })
            .unwrap();
    }
}

fn security(symbol: &str, class: AssetClass) -> NewSecurity {
    NewSecurity {
        name: format!("{symbol} Inc"),
        class,
        sector: "Technology".to_owned(),
        ..NewSecurity::equity(symbol)
    }
}

/// Closes that move up and down, each security in its own order.
fn closes(days: &[Day]) -> Vec<CloseChange> {
    let mut closes = Vec::new();
    for (at, day) in (0..).zip(days) {
        for security in 1..=4 {
            let move_by = (at * (security as i64 + 3)) % 11 - 5;
            closes.push(CloseChange {
                security: SecurityId(security),
                day: *day,
                previous: None,
                price: Price::from_units((10_000 + 100 * move_by) * Price::SCALE / 100),
            });
        }
    }
    closes
}

fn entries(days: &[Day]) -> Vec<Transaction> {
    let mut entries = Vec::new();
    for (portfolio, first) in [(1, 0), (2, 10), (3, 0)] {
        entries.push(entry(
            portfolio,
            days[first],
            TransactionKind::Deposit,
            None,
            0,
        ));
        for security in 1..=3 {
            let (kind, bought) = (TransactionKind::Buy, 10 * (security as i32));
            entries.push(entry(portfolio, days[first], kind, Some(security), bought));
        }
        let (kind, later) = (TransactionKind::Sell, days[first + 5]);
        entries.push(entry(portfolio, later, kind, Some(3), 40));
    }
    for (number, entry) in entries.iter_mut().enumerate() {
        entry.reference = format!("T{number}");
    }
    entries
}

fn entry(
    portfolio: u32,
    day: Day,
    kind: TransactionKind,
    security: Option<u32>,
    quantity: i32,
) -> Transaction {
    let price = security.map(|_| Price::whole(100));
    Transaction {
        security: security.map(SecurityId),
        quantity: Quantity::whole(quantity),
        price,
        amount: security.is_none().then(|| Money::whole(10_000)),
        ..Transaction::new(PortfolioId(portfolio), day, kind)
    }
}
