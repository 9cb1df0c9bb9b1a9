//! Phases that are made to fail on purpose, so that it can be seen what a failure leads to.

use std::collections::BTreeSet;

use crate::domain::output::CellOutput;
use crate::domain::{Cell, Phase};
use crate::store::FailedPhase;

/// Phases of cells that fail, whatever the sources give. A run for real has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(BTreeSet<(Cell, Phase)>);

impl FromIterator<(Cell, Phase)> for Faults {
    fn from_iter<I: IntoIterator<Item = (Cell, Phase)>>(phases: I) -> Self {
        Self(phases.into_iter().collect())
    }
}

impl Faults {
    /// Takes what fails out of the outputs of some cells, each with its failure. The other phases
    /// of a cell stand, unless it is the snapshot that they are made from. A phase that is not
    /// done now does not fail.
    pub(super) fn strike(&self, cells: &mut [CellOutput]) -> Vec<FailedPhase> {
        let mut failed = Vec::new();
        if self.0.is_empty() {
            return failed;
        }
        for output in cells.iter_mut() {
            let cell = output.cell;
            let mut struck = output.phases();
            let no_snapshot =
                !struck.contains(Phase::Snapshot) || !self.0.contains(&(cell, Phase::Snapshot));
            if no_snapshot {
                struck = struck
                    .iter()
                    .filter(|phase| self.0.contains(&(cell, *phase)))
                    .collect();
            }
            for phase in struck.iter() {
                output.take(phase);
            }
            let at_fault = struck
                .iter()
                .filter(|phase| self.0.contains(&(cell, *phase)));
            failed.extend(at_fault.map(|phase| FailedPhase {
                cell,
                phase,
                reason: "it was made to fail".to_owned(),
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
    fn a_snapshot_that_is_not_done_now_does_not_fail() {
        let faults: Faults = [(output(1).cell, Phase::Snapshot)].into_iter().collect();
        let mut cells = vec![output(1)];
        assert_eq!(faults.strike(&mut cells), []);
        assert_eq!(cells[0], output(1));
    }

    #[test]
    fn a_phase_that_fails_leaves_the_others_of_its_cell_and_those_of_others() {
        let faults: Faults = [(output(1).cell, Phase::Exposures)].into_iter().collect();
        let mut cells = vec![output(1), output(2)];
        let failed = faults.strike(&mut cells);
        assert_eq!(cells[0].phases(), PhaseSet::from_phase(Phase::Positions));
        assert_eq!(cells[1], output(2));
        let failed: Vec<_> = failed.iter().map(|one| (one.cell, one.phase)).collect();
        assert_eq!(failed, [(output(1).cell, Phase::Exposures)]);
    }

    #[test]
    fn nothing_fails_where_nothing_is_meant_to() {
        let mut cells = vec![output(1)];
        assert_eq!(Faults::default().strike(&mut cells), []);
        assert_eq!(cells, [output(1)]);
    }
}
