//! Compares policies rule by rule, to attribute a difference in outcome to a single rule.

use super::Policy;

impl Policy {
    /// Returns the rules in which this policy differs from `other`, each with this policy after
    /// that rule alone is replaced by the one of `other`.
    pub fn differing_rules(&self, other: &Self) -> Vec<(&'static str, Self)> {
        let mut changed = Vec::new();
        let mut push = |rule, policy: Self| {
            if policy != *self {
                changed.push((rule, policy));
            }
        };
        // Destructured, so that a new rule fails to compile here until it is compared.
        let Self {
            watermark,
            watermark_scope,
            deleted,
            filter,
            newcomers,
            unknown_ids,
            first_run,
        } = *other;
        push("watermark", Self { watermark, ..*self });
        push(
            "watermark-scope",
            Self {
                watermark_scope,
                ..*self
            },
        );
        push("deleted", Self { deleted, ..*self });
        push("filter", Self { filter, ..*self });
        push("newcomers", Self { newcomers, ..*self });
        push(
            "unknown-ids",
            Self {
                unknown_ids,
                ..*self
            },
        );
        push("first-run", Self { first_run, ..*self });
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PolicyName;

    #[test]
    fn each_rule_that_differs_is_changed_alone() {
        let (global_max, per_cell) = (PolicyName::GlobalMax.policy(), Policy::default());
        let changed = global_max.differing_rules(&per_cell);
        let rules: Vec<_> = changed.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(
            rules,
            ["watermark", "watermark-scope", "filter", "newcomers"]
        );
        for (rule, policy) in &changed {
            assert_eq!(policy.differing_rules(&global_max).len(), 1, "{rule}");
            assert_eq!(
                policy.differing_rules(&per_cell).len(),
                changed.len() - 1,
                "{rule}"
            );
        }
        assert!(per_cell.differing_rules(&per_cell).is_empty());
    }
}
