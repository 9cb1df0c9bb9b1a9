//! Answers of queries, made by hand for the tests of reports.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::fixture::{day, mixed_survey, outcome, plan_for, utc};
use crate::domain::output::{FactorExposure, Snapshot};
use crate::domain::{
    Absence, AssetClass, Day, Figure, InvalidationCause, LifecycleStatus, Money, Phase, PhaseSet,
    PortfolioId, PortfolioKey, PriceQuality, Quality, RunId,
};
use crate::engine::{RecordedFailure, RunRecord, StageTimes};
use crate::plan::{PolicyName, SkipReason, StepKind};
use crate::query::{
    Books, CellReason, CellTotals, Check, Claim, Concern, ConcernFact, Expectation,
    ExplainedPortfolio, Explanation, ExposuresView, FailureView, Grid, Holdings, InvalidationView,
    LeaseState, LeaseView, MissingInput, Names, NextCommand, PhaseState, PolicyView,
    PortfolioStatus, PositionView, PositionsView, Presence, RiskView, RunDetails, SecuritiesView,
    SessionBooks, Status, Totals, Validity, Verdict, Verification, WatermarkHolder,
};
use crate::store::{Progress, RunNumber, RunRow, RunState};

fn key(id: u128) -> PortfolioKey {
    PortfolioKey::new(Uuid::from_u128(
        0xa000_0000_0000_4000_8000_0000_0000_0000 + id,
    ))
}

fn blocked_reason() -> CellReason {
    CellReason::Blocked {
        missing_input: MissingInput::Prices {
            covered_share: 0.412,
            missing: vec!["AAPL".to_owned(), "MSFT".to_owned()],
        },
    }
}

fn portfolio(
    name: String,
    id: u32,
    gap: Day,
    open: PhaseSet,
    reason: CellReason,
) -> PortfolioStatus {
    PortfolioStatus {
        key: key(id.into()),
        name,
        lifecycle: LifecycleStatus::Alive,
        calendar: None,
        inception: day("2026-01-05"),
        cells_from: None,
        watermark: Some(gap.previous()),
        sessions_behind: 2,
        held_back_by: Some(gap),
        open_phases: open,
        reason: Some(reason),
    }
}

/// The status of [`mixed_survey`] before a run: A stale, L partial, M blocked.
pub(super) fn status(names: &Names) -> Status {
    let (plan, _) = plan_for(&mixed_survey(), PolicyName::PerCell);
    let name = |id| names.portfolio(PortfolioId(id));
    let (sixth, eighth) = (day("2026-01-06"), day("2026-01-08"));
    let stale = CellReason::Step {
        kind: StepKind::Stale,
        phases: PhaseSet::CELL_PHASES,
        changed: Some("close of AAPL on 2026-01-06 corrected from 187.2 to 188".to_owned()),
    };
    Status {
        today: day("2026-01-09"),
        target: eighth,
        watermark: Some(day("2026-01-05")),
        held_by: Some(WatermarkHolder {
            portfolio: key(1),
            name: name(1),
            day: sixth,
            open: PhaseSet::CELL_PHASES,
        }),
        cells: CellTotals {
            expected: 52,
            complete: 15,
            open: 35,
            blocked: 2,
            quarantined: 0,
        },
        active: 13,
        behind: 13,
        portfolios: vec![
            portfolio(name(1), 1, sixth, PhaseSet::CELL_PHASES, stale),
            portfolio(
                name(13),
                13,
                eighth,
                PhaseSet::CELL_PHASES,
                blocked_reason(),
            ),
        ],
        not_shown: 1_191,
        grid: Grid::from_status(&plan, names.portfolio_names(), 10),
        last_run: Some(run(RunState::Incomplete)),
        lease: Some(LeaseView {
            run: RunId::new(Uuid::from_u128(7)),
            owner: "process 4711 on host books".to_owned(),
            renewed: utc("2026-01-08T22:00:00Z"),
            expires: utc("2026-01-08T22:01:00Z"),
            state: LeaseState::LeftBehind,
        }),
        accepted_prices: Vec::new(),
        concerns: vec![Concern {
            fact: ConcernFact::Late {
                late: 13,
                active: 13,
                max_lag: 1,
                worst: 3,
                target: eighth,
            },
            portfolios: (1..=13).collect(),
            next: Some(NextCommand::Run),
        }],
    }
}

pub(super) fn explanation(name: &str) -> Explanation {
    let failure = FailureView {
        phase: Phase::Risk,
        times: 2,
        reason: "the factors are collinear".to_owned(),
        last_at: utc("2026-01-08T22:00:01Z"),
    };
    let partial = CellReason::Step {
        kind: StepKind::Partial,
        phases: PhaseSet::from_phase(Phase::Risk),
        changed: None,
    };
    let phases = Phase::CELL_PHASES.map(|phase| PhaseState {
        phase,
        ledger: (phase != Phase::Risk).into(),
        output: Presence::Present,
        failure: (phase == Phase::Risk).then(|| failure.clone()),
        quarantine: Presence::Absent,
    });
    let hidden = |kind| CellReason::Skip { kind };
    let decisions = [
        hidden(SkipReason::HiddenByWatermark),
        hidden(SkipReason::HiddenBySnapshot),
        CellReason::OutOfPlan,
        partial.clone(),
    ];
    let views = PolicyName::ALL.into_iter().zip(decisions);
    Explanation {
        portfolio: ExplainedPortfolio {
            key: key(2),
            name: name.to_owned(),
            inception: day("2026-01-05"),
            lifecycle: LifecycleStatus::Alive,
            calendar: None,
        },
        day: day("2026-01-07"),
        target: day("2026-01-08"),
        session_before: Some(day("2026-01-06")),
        session_after: Some(day("2026-01-08")),
        expectation: Expectation::Expected,
        accepted_prices: None,
        old_inputs: None,
        decision: partial,
        phases: phases.to_vec(),
        securities: Some(SecuritiesView {
            holdings: 3,
            covered: 2,
            missing: vec!["AAPL".to_owned()],
            closed: Vec::new(),
        }),
        invalidations: vec![InvalidationView {
            at: utc("2026-01-08T09:30:00Z"),
            cause: InvalidationCause::Price,
            reason: "close of AAPL on 2026-01-06 corrected from 187.2 to 188".to_owned(),
            phases: PhaseSet::from_phase(Phase::Risk),
        }],
        policies: views
            .map(|(policy, decision)| PolicyView { policy, decision })
            .collect(),
        next: vec![NextCommand::Run],
    }
}

pub(super) fn run(state: RunState) -> RunRow {
    RunRow {
        number: RunNumber(7),
        key: outcome().run,
        state,
        started: utc("2026-01-08T22:00:00Z"),
        ended: (state != RunState::Running).then(|| utc("2026-01-08T22:00:01.412Z")),
        policy: "per-cell".to_owned(),
        scope: "all active".to_owned(),
        target: day("2026-01-08"),
        plan: "f51a79cff975db3c".to_owned(),
        progress: Progress {
            planned: 35,
            done: 34,
            failed: 1,
            blocked: 2,
            skipped: 1,
        },
        report: String::new(),
    }
}

pub(super) fn run_answer(name: &str) -> RunDetails {
    RunDetails {
        row: run(RunState::Incomplete),
        record: Some(RunRecord {
            error: None,
            warnings: vec!["benchmark, factors or shocks changed".to_owned()],
            certificate: Some(outcome().certificate),
            milliseconds: StageTimes {
                total: 1_412,
                risk: 140,
                ..StageTimes::default()
            },
            done: vec![(day("2026-01-06"), 12), (day("2026-01-07"), 11)],
            failures: vec![RecordedFailure {
                portfolio: 2,
                day: day("2026-01-07"),
                phase: Phase::Risk,
                reason: "the factors are collinear".to_owned(),
            }],
        }),
        names: BTreeMap::from([(2, name.to_owned())]),
    }
}

/// The size of the amounts in [`books`].
#[derive(Debug, Clone, Copy)]
pub(super) enum AmountSize {
    Typical,
    Largest,
}

/// A year of books that rise in waves, with a stale price at the end.
pub(super) fn books(name: &str, size: AmountSize) -> Books {
    let scale = match size {
        AmountSize::Typical => 1_000_000.0,
        AmountSize::Largest => 9e14 / 2.0,
    };
    let (mut peak, mut before) = (0.0_f64, 1.0);
    let series = (0..252).map(|n| {
        let at = f64::from(n);
        let wealth = 1.0 + at / 1_000.0 + 0.06 * (at / 23.0).sin();
        peak = peak.max(wealth);
        let session = SessionBooks {
            day: day("2025-05-02").saturating_add(n),
            validity: if n == 100 {
                Validity::Stale
            } else {
                Validity::Valid
            },
            snapshot: snapshot(wealth * scale, wealth / before - 1.0),
            drawdown: Some(wealth / peak - 1.0),
        };
        before = wealth;
        session
    });
    Books {
        key: key(3),
        name: name.to_owned(),
        currency: "USD".parse().unwrap(),
        calendar: None,
        as_of: Some(day("2026-01-08")),
        series: series.collect(),
        gaps: vec![day("2025-07-04")],
        totals: Totals {
            period_return: Figure::new(0.251, 251),
            max_drawdown: Figure::new(-0.0512, 251),
            volatility: Figure::absent(Absence::TooFewObservations, 251),
        },
        holdings: Some(holdings(scale)),
    }
}

fn money(amount: f64) -> Money {
    Money::from_units((amount * Money::SCALE as f64) as i64)
}

pub(super) fn snapshot(nav: f64, session_return: f64) -> Snapshot {
    Snapshot {
        cash: money(nav * 0.1),
        long: money(nav * 1.1),
        short: money(nav * -0.2),
        gross: money(nav * 1.3),
        net: money(nav * 0.9),
        nav: money(nav),
        flow: Money::ZERO,
        pnl: money(nav * session_return),
        session_return: Figure::new(session_return, 1),
        realized: money(nav * 0.01),
        unrealized: money(nav * -0.02),
        quality: Quality {
            fresh: 2,
            stale: 1,
            ..Quality::default()
        },
        foreign_cash: Vec::new(),
        aged_moves: Vec::new(),
    }
}

fn holdings(scale: f64) -> Holdings {
    let position = |symbol: &str, share: f64, quality| PositionView {
        symbol: symbol.to_owned(),
        name: format!("{symbol} Incorporated"),
        class: AssetClass::Equity,
        sector: "technology".to_owned(),
        quantity: "1250.5".parse().unwrap(),
        price: "187.2".parse().unwrap(),
        quality,
        value: money(scale * share),
        cost: money(scale * share * 0.9),
        unrealized: money(scale * share * 0.1),
        weight: Some(share),
    };
    let rows = vec![
        position("AAPL", 0.31, PriceQuality::Fresh),
        position("MSFT", 0.79, PriceQuality::Fresh),
        position("TSLA", -0.2, PriceQuality::Stale(3)),
    ];
    Holdings {
        quality: Quality::default(),
        positions: Some(PositionsView {
            validity: Validity::Valid,
            rows,
        }),
        exposures: Some(exposures()),
        risk: Some(risk()),
    }
}

fn exposures() -> ExposuresView {
    ExposuresView {
        validity: Validity::Stale,
        sectors: vec![("autos".to_owned(), -0.2), ("technology".to_owned(), 1.1)],
        classes: vec![(AssetClass::Equity, 0.9)],
        currencies: Vec::new(),
        weights: Figure::new(1.0, 3),
        hhi: Figure::new(0.42, 3),
        effective_number: Figure::new(2.38, 3),
        top_3: Figure::new(1.0, 3),
        top_10: Figure::new(1.0, 3),
    }
}

fn risk() -> RiskView {
    let too_few = Figure::absent(Absence::TooFewObservations, 120);
    RiskView {
        validity: Validity::Valid,
        volatility: [Figure::new(0.182, 21), Figure::new(0.211, 63), too_few],
        beta: Figure::absent(Absence::NoBenchmark, 0),
        r_squared: Figure::absent(Absence::NoBenchmark, 0),
        var_95: Figure::new(-0.021, 120),
        cvar_95: Figure::new(-0.031, 120),
        correlation: Figure::new(0.44, 120),
        effective_number: Figure::new(1.6, 120),
        covered: Figure::new(1.0, 3),
        factors: vec![(
            "momentum".to_owned(),
            FactorExposure {
                exposure: Figure::new(-0.31, 120),
                covered_share: 0.8,
            },
        )],
        stress: vec![("crash of 2008".to_owned(), Figure::new(-0.284, 3))],
    }
}

/// A verification with two findings in the books, and a proven lifecycle index.
pub(super) fn verification() -> Verification {
    let finding = "portfolio 2 on 2026-01-07, snapshot: NAV is 1204.50, and cash, long and short give 1204.51";
    let checks = [
        (Claim::LifecycleIndex, Verdict::Proven { count: 1_204 }),
        (
            Claim::BooksAddUp,
            Verdict::Broken {
                findings: vec![finding.to_owned()],
                total: 2,
            },
        ),
    ];
    let checks = checks.map(|(claim, verdict)| Check { claim, verdict });
    Verification {
        sessions: 252,
        cells: 3_276,
        recomputed: 100,
        stale_outputs: 4,
        checks: checks.to_vec(),
        damaged: Default::default(),
        changed_sources: Vec::new(),
        next: vec![NextCommand::Repair, NextCommand::Run],
    }
}
