//! The concern of a benchmark or factors whose closes are older than allowed, or never came.
//!
//! Judged are the days of `stale_inputs`: the watermark of each portfolio and its newest books.
//! Without recent closes, betas and exposures are absent, which no other concern says as long as
//! some figure of risk is there.

use std::collections::BTreeMap;

use super::concern::Concern;
use super::fact::ConcernFact;
use super::stale_risk_input::{RiskRole, StaleRiskInput};
use crate::domain::{Calendar, Day, IdSet, RiskModel, Security, SecurityCalendars};
use crate::query::error::QueryError;
use crate::query::next_command::NextCommand;
use crate::store::{ReadTransaction, StoreError};

/// Returns the concern of the portfolios `by_day` that on their days lack a close of the benchmark
/// or a factor that is at most `max_stale` sessions old. The inputs are those of the last such day.
pub(super) fn stale_risk_inputs(
    reading: &ReadTransaction<'_>,
    calendar: &Calendar,
    by_day: &BTreeMap<Day, IdSet>,
    max_stale: usize,
) -> Result<Option<Concern>, QueryError> {
    let (_, model) = reading.risk_models().in_force()?;
    if by_day.is_empty() || model.symbols().next().is_none() {
        return Ok(None);
    }
    let search = Search {
        reading,
        calendar,
        calendars: reading.security_calendars().in_force()?,
        securities: reading.securities().all()?,
        model,
        max_stale,
    };
    let (mut portfolios, mut inputs) = (IdSet::new(), Vec::new());
    for (day, ids) in by_day {
        let found = search.stale_on(*day)?;
        if !found.is_empty() {
            portfolios |= ids;
            inputs = found;
        }
    }
    Ok((!inputs.is_empty()).then(|| Concern {
        fact: ConcernFact::StaleRiskInputs {
            max_stale,
            inputs,
            stale: portfolios.len(),
        },
        portfolios,
        next: Some(NextCommand::ImportPrices),
    }))
}

struct Search<'v> {
    reading: &'v ReadTransaction<'v>,
    calendar: &'v Calendar,
    calendars: SecurityCalendars,
    securities: Vec<Security>,
    model: RiskModel,
    max_stale: usize,
}

impl Search<'_> {
    fn stale_on(&self, day: Day) -> Result<Vec<StaleRiskInput>, StoreError> {
        let benchmark = self.model.benchmark.iter();
        let benchmark = benchmark.map(|symbol| (RiskRole::Benchmark, symbol));
        let factors = self.model.factors.iter();
        let factors = factors.map(|factor| (RiskRole::Factor, &factor.symbol));
        let mut stale = Vec::new();
        for (role, symbol) in benchmark.chain(factors) {
            let Some(security) = Security::with_symbol(&self.securities, symbol) else {
                continue;
            };
            let last = self.last_close(security, day)?;
            if last.is_none_or(|(_, age)| age > self.max_stale) {
                stale.push(StaleRiskInput {
                    role,
                    symbol: symbol.clone(),
                    last_close: last.map(|(day, _)| day),
                    sessions_old: last.map(|(_, age)| age),
                });
            }
        }
        Ok(stale)
    }

    /// Returns the day of the last close of a security up to `day`, and its age in sessions.
    fn last_close(
        &self,
        security: &Security,
        day: Day,
    ) -> Result<Option<(Day, usize)>, StoreError> {
        let Some(priced) = self.reading.closes().priced_range()? else {
            return Ok(None);
        };
        let sessions = self.calendar.all_sessions();
        let end = sessions.partition_point(|session| *session <= day);
        let first = sessions.partition_point(|session| *session < priced.first());
        let latest_first: Vec<Day> = sessions[first.min(end)..end]
            .iter()
            .rev()
            .copied()
            .collect();
        let last = (self.reading.closes()).first_on(security.id, &latest_first)?;
        Ok(last.map(|last| {
            let later = latest_first.iter().take_while(|session| **session > last);
            let open = later.filter(|session| !self.calendars.is_closed(security, **session));
            (last, open.count())
        }))
    }
}
