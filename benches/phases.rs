//! Measures the phases on one core: a portfolio of 30 holdings over two years of sessions.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use plimsoll::domain::{
    AssetClass, CostBasis, Currency, Day, Factor, Lifecycle, Money, Portfolio, PortfolioId,
    PortfolioKey, Price, Quantity, RiskModel, Security, SecurityCalendars, SecurityId,
    SessionsPerYear, Shock, Transaction, TransactionKind,
};
use plimsoll::phases::{Books, Close, History, Market, MarketSources, exposures, risk, statistics};

const SECURITIES: u32 = 500;
const HOLDINGS: u32 = 30;
const SESSIONS: usize = 504;

fn day(session: usize) -> Day {
    Day::from_number(18_000 + session as i32).expect("a supported day")
}

fn market() -> Market {
    let securities = (1..=SECURITIES).map(|id| Security {
        id: SecurityId(id),
        symbol: format!("S{id}"),
        name: format!("Security {id}"),
        class: AssetClass::Equity,
        sector: format!("Sector {}", id % 11),
        currency: Currency::USD,
        multiplier: Quantity::whole(1),
        former_attributes: Vec::new(),
        inactive_from: None,
        former_symbols: Vec::new(),
        calendar: None,
    });
    let closes = (1..=SECURITIES).flat_map(|id| {
        (0..SESSIONS).map(move |session| {
            let wave = (session as f64 * (0.3 + f64::from(id) * 0.01)).sin();
            Close {
                security: SecurityId(id),
                day: day(session),
                price: Price::from_units(((100.0 + 5.0 * wave) * 1e8) as i64),
            }
        })
    });
    Market::new(MarketSources {
        sessions: (0..SESSIONS).map(day).collect(),
        sessions_per_year: SessionsPerYear::EXCHANGE,
        securities: securities.collect(),
        calendars: SecurityCalendars::default(),
        closes: closes.collect(),
        actions: Vec::new(),
        splits: Vec::new(),
        model: model(),
    })
    .expect("sources that make a market")
}

fn model() -> RiskModel {
    let factors = (2..=4).map(|id| Factor {
        name: format!("Factor {id}"),
        symbol: format!("S{id}"),
    });
    let shocks = (1..=5).map(|size| Shock {
        name: format!("Shock {size}"),
        market: -0.05 * f64::from(size),
        classes: [(AssetClass::Equity, -0.01)].into(),
        sectors: [("Sector 3".to_owned(), 0.02)].into(),
    });
    RiskModel {
        benchmark: Some("S1".to_owned()),
        factors: factors.collect(),
        shocks: shocks.collect(),
    }
}

fn history() -> History {
    let portfolio = Portfolio {
        id: PortfolioId(1),
        key: PortfolioKey::from_name("one"),
        name: "One".to_owned(),
        currency: Currency::USD,
        cost_basis: CostBasis::default(),
        calendar: None,
        lifecycle: Lifecycle::new(day(0)),
    };
    let transaction = |kind, security, quantity| Transaction {
        security,
        quantity,
        price: Some(Price::whole(100)),
        reference: format!("{kind} {security:?}"),
        ..Transaction::new(portfolio.id, day(0), kind)
    };
    let mut deposit = transaction(TransactionKind::Deposit, None, Quantity::ZERO);
    deposit.amount = Some(Money::whole(1_000_000));
    let buys = (0..HOLDINGS).map(|holding| {
        let security = SecurityId(1 + holding * (SECURITIES / HOLDINGS));
        transaction(TransactionKind::Buy, Some(security), Quantity::whole(250))
    });
    History::new(&portfolio, buys.chain([deposit]).collect())
}

fn cells(criterion: &mut Criterion) {
    let (market, history) = (market(), history());
    let mut group = criterion.benchmark_group("cells");

    group.throughput(Throughput::Elements(SESSIONS as u64));
    group.bench_function("books", |bencher| {
        bencher.iter_batched_ref(
            || Books::open(&history),
            |books| {
                for session in 0..SESSIONS {
                    let valuation = books.value_on(&market, &history, session);
                    black_box(valuation.expect("books of every session"));
                }
            },
            BatchSize::SmallInput,
        );
    });

    let last = SESSIONS - 1;
    let valuation = Books::open(&history)
        .value_on(&market, &history, last)
        .expect("books of the last session");
    let statistics = statistics(&market, last, history.securities());
    group.throughput(Throughput::Elements(1));
    group.bench_function("risk", |bencher| {
        bencher.iter(|| {
            black_box(risk(
                &market,
                &statistics,
                last,
                Currency::USD,
                black_box(&valuation),
            ))
        });
    });
    group.bench_function("exposures", |bencher| {
        bencher.iter(|| {
            black_box(exposures(
                &market,
                market.sessions()[last],
                black_box(&valuation),
            ))
        });
    });
    group.finish();
}

fn securities(criterion: &mut Criterion) {
    let market = market();
    let mut group = criterion.benchmark_group("securities");
    group.throughput(Throughput::Elements(u64::from(SECURITIES)));
    group.bench_function("statistics", |bencher| {
        let ids = (1..=SECURITIES).map(SecurityId);
        bencher.iter(|| black_box(statistics(&market, SESSIONS - 1, ids.clone())));
    });
    group.finish();
}

criterion_group!(benches, cells, securities);
criterion_main!(benches);
