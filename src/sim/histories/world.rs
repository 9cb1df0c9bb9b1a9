//! Draws the world in which a history begins: securities in four currencies, currency pairs,
//! closes, and portfolios with their first transactions.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use chrono_tz::Tz;

use crate::domain::calendar::Definition;
use crate::domain::{
    AssetClass, Day, Factor, Money, Price, Quantity, RiskModel, Shock, TransactionKind,
};
use crate::scenario::format::lenient::Lenient;
use crate::scenario::script::spec::ScenarioSpec;
use crate::scenario::world::spec::{
    PortfolioSpec, PortfolioSpecs, SecuritySpec, SourcesSpec, TransactionSpec, WorldSpec,
};
use crate::scenario::world::values::{CloseSpec, Instant};
use crate::sim::random::RandomSource;

/// The sessions of New York around two holidays: Toronto is closed on May 18, New York on May 25.
pub(super) const SESSIONS: [&str; 18] = [
    "2026-05-11",
    "2026-05-12",
    "2026-05-13",
    "2026-05-14",
    "2026-05-15",
    "2026-05-18",
    "2026-05-19",
    "2026-05-20",
    "2026-05-21",
    "2026-05-22",
    "2026-05-26",
    "2026-05-27",
    "2026-05-28",
    "2026-05-29",
    "2026-06-01",
    "2026-06-02",
    "2026-06-03",
    "2026-06-04",
];

/// Days without a session in New York.
pub(super) const FREE_DAYS: [&str; 3] = ["2026-05-16", "2026-05-17", "2026-05-25"];

/// The name of a calendar of one's own.
pub(super) const OWN_CALENDAR: &str = "lima";

pub(super) const PORTFOLIOS: [&str; 4] = ["A", "B", "C", "D"];

/// A security of the world.
pub(super) struct Instrument {
    pub(super) symbol: &'static str,
    /// The close around which its closes are, in ten-thousandths.
    close: u32,
    class: Option<AssetClass>,
    sector: Option<&'static str>,
    currency: Option<&'static str>,
    calendar: Option<&'static str>,
    multiplier: Option<i32>,
}

const fn instrument(symbol: &'static str, close: u32) -> Instrument {
    Instrument {
        symbol,
        close,
        class: None,
        sector: None,
        currency: None,
        calendar: None,
        multiplier: None,
    }
}

impl Instrument {
    const fn class(mut self, class: AssetClass) -> Self {
        self.class = Some(class);
        self
    }

    const fn sector(mut self, sector: &'static str) -> Self {
        self.sector = Some(sector);
        self
    }

    const fn currency(mut self, currency: &'static str) -> Self {
        self.currency = Some(currency);
        self
    }

    const fn calendar(mut self, calendar: &'static str) -> Self {
        self.calendar = Some(calendar);
        self
    }

    const fn multiplier(mut self, multiplier: i32) -> Self {
        self.multiplier = Some(multiplier);
        self
    }

    fn spec(&self) -> SecuritySpec {
        SecuritySpec {
            class: self.class,
            sector: self.sector.map(str::to_owned),
            currency: self.currency.map(word),
            calendar: self.calendar.map(str::to_owned),
            multiplier: self.multiplier.map(|units| Lenient(Quantity::whole(units))),
            ..SecuritySpec::default()
        }
    }
}

pub(super) const INSTRUMENTS: [Instrument; 13] = [
    instrument("IDX", 1_000_000).class(AssetClass::Index),
    instrument("VAL", 500_000).class(AssetClass::Index),
    instrument("AAA", 400_000).sector("Technology"),
    instrument("BBB", 250_000).sector("Energy"),
    instrument("CCC", 600_000).currency("CAD").calendar("XTSE"),
    instrument("DDD", 800_000).currency("CHF"),
    instrument("FUT", 30_000)
        .class(AssetClass::Future)
        .multiplier(50),
    instrument("PRV", 1_000_000).class(AssetClass::Private),
    instrument("CADUSD", 7_300)
        .class(AssetClass::Fx)
        .calendar("XTSE"),
    instrument("USDCAD", 13_700)
        .class(AssetClass::Fx)
        .currency("CAD"),
    instrument("EURUSD", 11_200).class(AssetClass::Fx),
    instrument("EURCHF", 9_500)
        .class(AssetClass::Fx)
        .currency("CHF"),
    instrument("CHFUSD", 12_000).class(AssetClass::Fx),
];

/// Symbols that portfolios hold.
pub(super) const HELD: [&str; 6] = ["AAA", "BBB", "CCC", "DDD", "FUT", "PRV"];

/// A history that is being drawn.
pub(super) struct Generator {
    pub(super) random: RandomSource,
    /// Choices about calendars of one's own and attributes with a day. A source of their own keeps the
    /// other choices of a seed as they were without them.
    pub(super) dated: RandomSource,
    /// The index of the last session whose evening has come, in [`SESSIONS`].
    pub(super) today: usize,
    /// The number of transactions drawn so far; they are called `h1`, `h2` and so on.
    pub(super) transactions: usize,
    pub(super) spec: ScenarioSpec,
}

impl Generator {
    /// Draws the world of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut generator = Self {
            random: RandomSource::new(seed, "history"),
            dated: RandomSource::new(seed, "dated"),
            today: 0,
            transactions: 0,
            spec: ScenarioSpec::default(),
        };
        generator.today = 3 + generator.random.below(5);
        let has_calendar = generator.dated.chance(40);
        let own_calendar = has_calendar.then(|| generator.own_calendar());
        let securities = INSTRUMENTS.iter().map(|known| {
            let mut spec = known.spec();
            if has_calendar && known.symbol == "AAA" {
                spec.calendar = Some(OWN_CALENDAR.to_owned());
            }
            (known.symbol.to_owned(), spec)
        });
        // In the order of the draws.
        let risk = generator.random.chance(70).then(risk_model);
        let prices = generator.closes();
        let (portfolios, transactions) = generator.portfolios();
        generator.spec.world = WorldSpec {
            now: Some(Lenient(evening(generator.today))),
            own_calendars: own_calendar.into_iter().collect(),
            sources: Some(SourcesSpec::Given),
            securities: securities.collect(),
            risk,
            prices,
            portfolios,
            transactions,
            ..WorldSpec::default()
        };
        generator
    }

    /// Returns a calendar of one's own with one holiday.
    pub(super) fn own_calendar(&mut self) -> Definition {
        let closed = day(SESSIONS[self.dated.below(SESSIONS.len())]);
        Definition::of_weekdays(OWN_CALENDAR, Tz::America__Lima, 2025..=2026, closed)
    }

    fn closes(&mut self) -> BTreeMap<String, BTreeMap<Day, Lenient<CloseSpec>>> {
        let mut prices = BTreeMap::new();
        for instrument in &INSTRUMENTS {
            let mut closes = BTreeMap::new();
            for (at, session) in SESSIONS[..=self.today].iter().enumerate() {
                if self.has_close(instrument, at) {
                    let close = CloseSpec::At(self.close(instrument));
                    closes.insert(day(session), Lenient(close));
                }
            }
            prices.insert(instrument.symbol.to_owned(), closes);
        }
        prices
    }

    /// Returns whether a session of the feed has a close. The first one always has, later ones nearly
    /// always; `PRV` has no later one.
    pub(super) fn has_close(&mut self, instrument: &Instrument, at: usize) -> bool {
        match instrument.symbol {
            "PRV" => at == 0,
            "CCC" | "CADUSD" if SESSIONS[at] == "2026-05-18" => self.random.chance(10),
            _ => at == 0 || self.random.chance(95),
        }
    }

    /// Returns a close of up to a tenth more or less than that of the instrument.
    pub(super) fn close(&mut self, instrument: &Instrument) -> Price {
        let close = instrument.close / 100 * (90 + self.random.below(21) as u32);
        Price::from_units(i64::from(close) * (Price::SCALE / 10_000))
    }

    fn portfolios(&mut self) -> (PortfolioSpecs, Vec<TransactionSpec>) {
        let (mut portfolios, mut transactions) = (Vec::new(), Vec::new());
        for (at, name) in PORTFOLIOS.into_iter().enumerate() {
            let first = self.random.below(3);
            let inception = SESSIONS[first];
            let mut spec = PortfolioSpec {
                inception: Some(day(inception)),
                ..PortfolioSpec::default()
            };
            // The first portfolio has all defaults.
            if at > 0 {
                self.choices(&mut spec);
            }
            portfolios.push((name.to_owned().into(), spec));
            transactions.push(TransactionSpec {
                amount: Some(Lenient(Money::whole(100_000))),
                ..self.given_transaction(name, inception, TransactionKind::Deposit)
            });
            for _ in 0..1 + self.random.below(3) {
                let symbol = HELD[self.random.below(HELD.len())];
                let quantity = 10 + self.random.below(50) as i32;
                let day = SESSIONS[first + self.random.below(self.today + 1 - first)];
                transactions.push(TransactionSpec {
                    symbol: Some(symbol.to_owned()),
                    quantity: Some(Lenient(Quantity::whole(quantity))),
                    price: Some(word("40")),
                    ..self.given_transaction(name, day, TransactionKind::TransferIn)
                });
            }
        }
        (PortfolioSpecs(portfolios), transactions)
    }

    /// Gives a portfolio some of the choices that one has.
    fn choices(&mut self, spec: &mut PortfolioSpec) {
        if self.random.chance(40) {
            spec.currency = Some(word(self.one_of(&["CAD", "EUR"])));
        }
        if self.random.chance(40) {
            spec.calendar = Some(self.one_of(&["XTSE"]).to_owned());
        }
        if self.random.chance(40) {
            match self.one_of(&["lifo", "average", "capitalize"]) {
                fees @ "capitalize" => spec.fees = Some(word(fees)),
                method => spec.cost_basis = Some(word(method)),
            }
        }
    }

    fn given_transaction(
        &mut self,
        portfolio: &str,
        session: &str,
        kind: TransactionKind,
    ) -> TransactionSpec {
        self.transactions += 1;
        TransactionSpec {
            reference: Some(format!("h{}", self.transactions)),
            ..TransactionSpec::new(portfolio, day(session), kind)
        }
    }

    /// Returns a session up to today.
    pub(super) fn session(&mut self) -> &'static str {
        SESSIONS[self.random.below(self.today + 1)]
    }

    /// Returns one of some texts.
    pub(super) fn one_of(&mut self, choices: &[&'static str]) -> &'static str {
        self.random.choose(choices).copied().unwrap_or_default()
    }

    pub(super) fn portfolio(&mut self) -> &'static str {
        self.one_of(&PORTFOLIOS)
    }
}

fn risk_model() -> RiskModel {
    RiskModel {
        benchmark: Some("IDX".to_owned()),
        factors: vec![value_factor()],
        shocks: vec![crash(-0.2)],
    }
}

pub(super) fn value_factor() -> Factor {
    Factor {
        name: "Value".to_owned(),
        symbol: "VAL".to_owned(),
    }
}

pub(super) fn crash(market: f64) -> Shock {
    Shock {
        name: "Crash".to_owned(),
        market,
        classes: BTreeMap::new(),
        sectors: BTreeMap::new(),
    }
}

/// Returns the evening of a session, after its close.
pub(super) fn evening(session: usize) -> Instant {
    let text = format!("{}T18:00:00-04:00", SESSIONS[session]);
    text.parse().expect("the evenings are instants")
}

/// Returns a day of the lists above.
pub(super) fn day(text: &str) -> Day {
    text.parse().expect("the lists have days")
}

/// Returns a value that is one word in files.
pub(super) fn word<T: FromStr<Err: Debug>>(text: &str) -> Lenient<T> {
    Lenient(text.parse().expect("the words of this module are valid"))
}
