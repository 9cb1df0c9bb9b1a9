//! The statistics of the securities of one session, with what each contributes to the risk of its
//! holders: its beta to each factor, then its move under each shock, in columns. Looked up once a
//! session, not once a holder.

use super::columns::Slot;
use super::market::Market;
use super::moments::Moments;
use crate::domain::SecurityId;
use crate::domain::output::SecurityStatistics;

/// The statistics of all held securities on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionStatistics {
    session: usize,
    /// Ascending by security id.
    rows: Vec<SecurityStatistics>,
    /// By row: the inputs of the security to the risk of its holders.
    risk_inputs: Vec<RiskInputs>,
    /// By row: the contributions of the security to the factor exposures and shocks of its holders.
    contributions: Contributions,
    /// By security id: the index of its row.
    row_by_id: Vec<Option<u32>>,
    /// Moments of the benchmark's returns over at most a year.
    benchmark: Option<Moments>,
}

/// The inputs of one security to the risk of its holders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RiskInputs {
    pub(super) slot: Slot,
    /// Number of consecutive defined returns that end on the session.
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

impl SessionStatistics {
    /// Joins the chunks of a session. The securities of all chunks, in this order, must be sorted
    /// by id.
    pub fn from_chunks(
        market: &Market,
        session: usize,
        chunks: impl IntoIterator<Item = StatisticsChunk>,
    ) -> Self {
        let mut all = Self {
            session,
            rows: Vec::new(),
            risk_inputs: Vec::new(),
            contributions: Contributions::new(market),
            row_by_id: Vec::new(),
            benchmark: market.benchmark_returns(session).map(Moments::from_series),
        };
        for chunk in chunks {
            all.rows.extend(chunk.rows);
            all.risk_inputs.extend(chunk.risk_inputs);
            all.contributions.append(chunk.contributions);
        }
        // A list by id instead of a binary search, because every holding of every cell looks up
        // its row.
        let last = all.rows.last().map_or(0, |row| row.security.0 as usize + 1);
        all.row_by_id = vec![None; last];
        for (place, row) in (0..).zip(&all.rows) {
            all.row_by_id[row.security.0 as usize] = Some(place);
        }
        all
    }

    /// Returns the index of the session in its market.
    pub fn session(&self) -> usize {
        self.session
    }

    /// Returns the statistics of one security; `None` if they were not computed.
    pub fn get(&self, id: SecurityId) -> Option<&SecurityStatistics> {
        self.row_index(id).map(|place| &self.rows[place])
    }

    /// Iterates over all statistics, ascending by security id.
    pub fn iter(&self) -> impl Iterator<Item = &SecurityStatistics> {
        self.rows.iter()
    }

    /// Returns the risk inputs of a security and its contributions; `None` if its statistics were
    /// not computed.
    #[inline]
    pub(super) fn risk_inputs(&self, id: SecurityId) -> Option<(&RiskInputs, &[Contribution])> {
        let place = self.row_index(id)?;
        Some((&self.risk_inputs[place], self.contributions.row(place)))
    }

    /// Returns the moments of the benchmark's returns over at most a year; `None` without a
    /// benchmark or without returns.
    pub(super) fn benchmark(&self) -> Option<Moments> {
        self.benchmark
    }

    #[inline]
    fn row_index(&self, id: SecurityId) -> Option<usize> {
        let place = self.row_by_id.get(id.0 as usize).copied().flatten()?;
        Some(place as usize)
    }
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

    /// Appends the row of the next security.
    pub(super) fn push(&mut self, market: &Market, slot: Slot, statistics: &SecurityStatistics) {
        let betas = statistics.factor_betas.iter();
        let betas = betas.map(|beta| Contribution::new(beta.value(), beta.observations()));
        let shocks = market.shocks().iter();
        let beta = statistics.beta.value();
        // Stress counts holdings and not sessions, so each move is one observation.
        let moves = shocks.map(|shock| Contribution::new(shock.move_of(slot, beta), 1));
        self.columns.extend(betas.chain(moves));
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
