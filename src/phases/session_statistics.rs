//! The statistics of the securities of one session, with what each contributes to the risk of its
//! holders: its beta to each factor, then its move under each shock, in columns. Looked up once a
//! session, not once a holder.

use std::collections::BTreeMap;

use super::columns::Slot;
use super::market::Market;
use super::moments::Moments;
use super::series::last_n;
use crate::domain::output::SecurityStatistics;
use crate::domain::{Absence, Currency, Day, Figure, SecurityId};

/// The statistics of all held securities on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionStatistics {
    session: usize,
    /// Ascending by security id.
    rows: Vec<SecurityStatistics>,
    /// Inputs from returns in the securities' own currencies, for portfolios that convert nothing.
    local: RiskTable,
    /// Inputs from converted returns, for the portfolios in each of these currencies.
    converted: Vec<(Currency, RiskTable)>,
}

/// The inputs to the risk of portfolios in one currency.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RiskTable {
    /// The inputs of each security, by row.
    inputs: Vec<RiskInputs>,
    /// By row: the contributions of the security to the factor exposures and shocks of its holders.
    contributions: Contributions,
    /// By security id: the index of its row.
    row_by_id: Vec<Option<u32>>,
    /// The inputs of cash in foreign currencies, whose returns are those of the exchange rate.
    cash: BTreeMap<Currency, (RiskInputs, Vec<Contribution>)>,
    /// Returns of the benchmark over at most a year, or the reason that there are none.
    benchmark: Result<Benchmark, Absence>,
    /// The reason that no exposure to the factors exists, if a factor has no recent close.
    factor_absence: Option<Absence>,
}

/// The benchmark's returns over at most a year.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Benchmark {
    pub(super) returns: Box<[f64]>,
    pub(super) moments: Moments,
}

impl Benchmark {
    /// Copies the returns.
    pub(super) fn new(returns: &[f64]) -> Self {
        Self {
            returns: returns.into(),
            moments: Moments::from_series(returns),
        }
    }
}

/// The returns of a holding in the currency of its holders.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ReturnSource {
    /// Those of a security in that currency.
    Market(Slot),
    /// Returns that depend on an exchange rate, at most a year of them.
    Converted(Box<[f64]>),
}

/// The inputs of one security, or of cash in one currency, to the risk of its holders.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RiskInputs {
    pub(super) source: ReturnSource,
    /// Number of consecutive defined returns that end on the session; of converted returns at most
    /// a year.
    pub(super) return_count: usize,
    /// Moments of the security's returns over at most a year.
    pub(super) moments: Moments,
    /// The multiplier that scales those returns, less their mean, to length one; zero if they do
    /// not vary.
    pub(super) standardizing_scale: f64,
}

/// The statistics of some securities on a session, a part of [`SessionStatistics`].
#[derive(Debug)]
pub struct StatisticsChunk {
    pub(super) rows: Vec<SecurityStatistics>,
    pub(super) risk_inputs: Vec<RiskInputs>,
    pub(super) contributions: Contributions,
}

impl RiskInputs {
    /// Returns the last `count` returns up to the session, oldest first. `count` is at most
    /// [`Self::return_count`].
    #[inline]
    pub(super) fn returns<'a>(
        &'a self,
        market: &'a Market,
        session: usize,
        count: usize,
    ) -> &'a [f64] {
        match &self.source {
            ReturnSource::Market(slot) => market.returns(*slot, session, count),
            ReturnSource::Converted(converted) => last_n(converted, count),
        }
    }
}

impl SessionStatistics {
    /// Joins the chunks of a session. The securities of all chunks, in this order, must be sorted
    /// by id.
    pub fn from_chunks(
        market: &Market,
        session: usize,
        chunks: impl IntoIterator<Item = StatisticsChunk>,
    ) -> Self {
        let (mut rows, mut inputs) = (Vec::new(), Vec::new());
        let mut contributions = Contributions::new(market);
        for chunk in chunks {
            rows.extend(chunk.rows);
            inputs.extend(chunk.risk_inputs);
            contributions.append(chunk.contributions);
        }
        let securities = rows.iter().map(|row: &SecurityStatistics| row.security);
        let benchmark = market.benchmark_returns(session).map(Benchmark::new);
        let absence = market.factor_absence(session);
        Self {
            session,
            local: RiskTable::new(securities, inputs, contributions, benchmark, absence),
            rows,
            converted: Vec::new(),
        }
    }

    /// Adds the inputs to the risk of portfolios in a currency.
    pub(super) fn add_table(&mut self, currency: Currency, table: RiskTable) {
        self.converted.push((currency, table));
    }

    /// Returns the index of the session in its market.
    pub fn session(&self) -> usize {
        self.session
    }

    /// Returns the statistics of one security; `None` if they were not computed.
    pub fn get(&self, id: SecurityId) -> Option<&SecurityStatistics> {
        row_index(&self.local.row_by_id, id).map(|row| &self.rows[row])
    }

    /// Iterates over all statistics, ascending by security id.
    pub fn iter(&self) -> impl Iterator<Item = &SecurityStatistics> {
        self.rows.iter()
    }

    /// Returns the inputs to the risk of portfolios in `currency`.
    pub(super) fn risk_table(&self, currency: Currency) -> &RiskTable {
        let mut converted = self.converted.iter();
        let table = converted.find(|(of, _)| *of == currency);
        table.map_or(&self.local, |(_, table)| table)
    }

    /// Returns the inputs from returns in the securities' own currencies.
    pub(super) fn local_table(&self) -> &RiskTable {
        &self.local
    }
}

impl RiskTable {
    /// Returns the inputs of `securities`, which must be sorted by id, in the same order.
    pub(super) fn new(
        securities: impl Iterator<Item = SecurityId>,
        inputs: Vec<RiskInputs>,
        contributions: Contributions,
        benchmark: Result<Benchmark, Absence>,
        factor_absence: Option<Absence>,
    ) -> Self {
        Self {
            inputs,
            contributions,
            row_by_id: row_by_id(securities),
            cash: BTreeMap::new(),
            benchmark,
            factor_absence,
        }
    }

    /// Returns the risk inputs of a security and its contributions; `None` if its statistics were
    /// not computed.
    #[inline]
    pub(super) fn inputs(&self, id: SecurityId) -> Option<(&RiskInputs, &[Contribution])> {
        let row = row_index(&self.row_by_id, id)?;
        Some((&self.inputs[row], self.contributions.row(row)))
    }

    /// Adds the inputs of cash in a foreign currency. It has `betas` to the factors, and no shock moves
    /// it.
    pub(super) fn add_cash(
        &mut self,
        market: &Market,
        currency: Currency,
        cash: RiskInputs,
        betas: &[Figure],
    ) {
        let betas = Contribution::of_betas(betas);
        let moves = market
            .shocks()
            .iter()
            .map(|_| Contribution::new(Some(0.0), 1));
        self.cash
            .insert(currency, (cash, betas.chain(moves).collect()));
    }

    /// Returns the inputs of cash in a foreign currency, and its contributions.
    pub(super) fn cash(&self, currency: Currency) -> Option<(&RiskInputs, &[Contribution])> {
        let (inputs, contributions) = self.cash.get(&currency)?;
        Some((inputs, contributions))
    }

    /// Returns the benchmark's returns, or the reason that there are none.
    pub(super) fn benchmark(&self) -> Result<&Benchmark, Absence> {
        self.benchmark.as_ref().map_err(|reason| *reason)
    }

    /// Returns the reason that no exposure to the factors exists, if a factor has no recent close.
    pub(super) fn factor_absence(&self) -> Option<Absence> {
        self.factor_absence
    }
}

/// Returns the index of each security's row by security id. `securities` must ascend.
fn row_by_id(securities: impl Iterator<Item = SecurityId>) -> Vec<Option<u32>> {
    // A list by id instead of a binary search, because every holding of every cell looks up its
    // row.
    let mut rows = Vec::new();
    for (row, security) in (0..).zip(securities) {
        let id = security.0 as usize;
        rows.resize(id.max(rows.len()), None);
        rows.push(Some(row));
    }
    rows
}

#[inline]
fn row_index(row_by_id: &[Option<u32>], id: SecurityId) -> Option<usize> {
    let row = row_by_id.get(id.0 as usize).copied().flatten()?;
    Some(row as usize)
}

/// One row of columns for each security of a session.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contributions {
    /// By security, then column.
    columns: Vec<Contribution>,
    /// Columns a security: factors, then shocks.
    width: usize,
}

/// The value of one security in one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contribution {
    /// The contribution at a weight of one; zero if there is none.
    pub(super) value: f64,
    /// Number of observations behind the value; zero if there is no value.
    pub(super) observations: u32,
}

impl Contribution {
    fn of_betas(betas: &[Figure]) -> impl Iterator<Item = Self> {
        betas
            .iter()
            .map(|beta| Self::new(beta.value(), beta.observations()))
    }

    fn new(value: Option<f64>, observations: u32) -> Self {
        Self {
            value: value.unwrap_or(0.0),
            observations: value.map_or(0, |_| observations),
        }
    }
}

impl Contributions {
    pub(super) fn new(market: &Market) -> Self {
        Self {
            columns: Vec::new(),
            width: market.factors().len() + market.shocks().len(),
        }
    }

    /// Appends the row of the next security on a day.
    pub(super) fn push(
        &mut self,
        market: &Market,
        slot: Slot,
        day: Day,
        statistics: &SecurityStatistics,
    ) {
        let betas = Contribution::of_betas(&statistics.factor_betas);
        let shocks = market.shocks().iter();
        let beta = statistics.beta.value();
        // Stress counts holdings and not sessions, so each move is one observation.
        let moves = shocks.map(|shock| Contribution::new(shock.move_of(slot, day, beta), 1));
        self.columns.extend(betas.chain(moves));
    }

    /// Appends the row of the next security with other betas to the factors. The moves under the
    /// shocks are those of `local`, a row of the same model.
    pub(super) fn push_with_betas(&mut self, betas: &[Figure], local: &[Contribution]) {
        let moves = &local[betas.len()..];
        let betas = Contribution::of_betas(betas);
        self.columns.extend(betas.chain(moves.iter().copied()));
    }

    /// Appends a row of the same model.
    pub(super) fn push_row(&mut self, row: &[Contribution]) {
        self.columns.extend_from_slice(row);
    }

    /// Appends all rows of `other`.
    pub(super) fn append(&mut self, mut other: Self) {
        self.columns.append(&mut other.columns);
    }

    /// Returns the row of the security that was added at `index`, from 0. It is empty if the model
    /// has neither factors nor shocks.
    #[inline]
    pub(super) fn row(&self, index: usize) -> &[Contribution] {
        &self.columns[index * self.width..][..self.width]
    }
}
