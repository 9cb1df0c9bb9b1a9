//! Makes chosen phases fail as an observer of a run, so that scenarios can test the consequences of a
//! failure.

use std::collections::BTreeSet;

use crate::domain::output::CellOutput;
use crate::domain::{Cell, Phase};
use crate::store::FailedPhase;

/// Phases of cells that fail whatever the sources give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailingPhases(BTreeSet<(Cell, Phase)>);

impl FromIterator<(Cell, Phase)> for FailingPhases {
    fn from_iter<I: IntoIterator<Item = (Cell, Phase)>>(phases: I) -> Self {
        Self(phases.into_iter().collect())
    }
}

impl FailingPhases {
    /// Removes the failing phases from the outputs of some cells and returns the failures: the
    /// `on_computed` of a run's observer. The other phases of a cell stay, unless the snapshot that
    /// they are made from fails. A phase that is not computed now does not fail.
    pub fn apply(&self, cells: &mut [CellOutput]) -> Vec<FailedPhase> {
        let mut failed = Vec::new();
        if self.0.is_empty() {
            return failed;
        }
        for output in cells.iter_mut() {
            let cell = output.cell;
            let mut removed = output.phases();
            let keeps_snapshot =
                !removed.contains(Phase::Snapshot) || !self.0.contains(&(cell, Phase::Snapshot));
            // Without its snapshot all phases of a cell go: they are made from it.
            if keeps_snapshot {
                removed = removed
                    .iter()
                    .filter(|phase| self.0.contains(&(cell, *phase)))
                    .collect();
            }
            for phase in removed.iter() {
                output.take(phase);
            }
            let failing = removed
                .iter()
                .filter(|phase| self.0.contains(&(cell, *phase)));
            failed.extend(failing.map(|phase| FailedPhase {
                cell,
                phase,
                reason: "injected failure".to_owned(),
            }));
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::output::Exposures;
    use crate::domain::{Absence, Day, Figure, PhaseSet, PortfolioId, SectorWeights};

    fn exposures() -> Exposures {
        let absent = Figure::absent(Absence::NoHoldings, 0);
        Exposures {
            sectors: SectorWeights::empty(),
            classes: Vec::new(),
            weights: absent,
            hhi: absent,
            effective_number: absent,
            top_3: absent,
            top_10: absent,
        }
    }

    fn output(id: u32) -> CellOutput {
        CellOutput {
            positions: Some(Vec::new()),
            exposures: Some(exposures()),
            ..CellOutput::empty(Cell::new(Day::MIN, PortfolioId(id)))
        }
    }

    #[test]
    fn snapshot_without_output_does_not_fail() {
        let faults: FailingPhases = [(output(1).cell, Phase::Snapshot)].into_iter().collect();
        let mut cells = vec![output(1)];
        assert_eq!(faults.apply(&mut cells), []);
        assert_eq!(cells[0], output(1));
    }

    #[test]
    fn failing_phase_leaves_other_phases_and_cells() {
        let faults: FailingPhases = [(output(1).cell, Phase::Exposures)].into_iter().collect();
        let mut cells = vec![output(1), output(2)];
        let failed = faults.apply(&mut cells);
        assert_eq!(cells[0].phases(), PhaseSet::from_phase(Phase::Positions));
        assert_eq!(cells[1], output(2));
        let failed: Vec<_> = failed
            .iter()
            .map(|failure| (failure.cell, failure.phase))
            .collect();
        assert_eq!(failed, [(output(1).cell, Phase::Exposures)]);
    }

    #[test]
    fn no_failing_phases_change_nothing() {
        let mut cells = vec![output(1)];
        assert_eq!(FailingPhases::default().apply(&mut cells), []);
        assert_eq!(cells, [output(1)]);
    }
}
