//! Faults in what reaches the portfolios that carry the lots of others.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "corrected-terms-do-not-reach-receivers",
        "another multiplier or currency of a security invalidates only the portfolios that moved it",
        &[Scenario(
            "corporate_actions/corrected_terms_of_a_merged_share_reach_the_receiver_of_its_successor",
        )],
        &[edit(
            "src/invalidation/securities.rs",
            "if may_be_given && PricingTerms::differ(was, now) {",
            "PricingTerms::differ(was, now)",
            "false",
        )],
    ),
    fault(
        "quarantine-of-a-receiver-outlives-repair",
        "an import keeps the failures of portfolios that carry lots of the security received",
        &[Scenario(
            "imports/a_corrected_spin_off_ends_the_quarantine_of_a_receiver",
        )],
        &[edit(
            "src/invalidation/failures.rs",
            "let received = actions.received_for(&BTreeSet::from([security]));",
            "actions.received_for(&BTreeSet::from([security]))",
            "BTreeMap::new()",
        )],
    ),
    fault(
        "quarantine-outlives-another-cost-basis",
        "another cost basis keeps the failures of portfolios that carry the lots",
        &[Scenario(
            "imports/another_cost_basis_ends_the_quarantine_of_a_receiver",
        )],
        &[edit(
            "src/import/apply/records.rs",
            "match keeps_lots {",
            "keeps_lots",
            "true",
        )],
    ),
];
