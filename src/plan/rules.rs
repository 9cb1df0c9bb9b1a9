//! Compares two policies rule by rule, to find the rule that causes a difference in their results.

use super::policy::Policy;

impl Policy {
    /// Returns the name of each rule in which this policy differs from `other`, with a copy of this
    /// policy that takes only that rule from `other`.
    pub fn differing_rules(&self, other: &Self) -> Vec<(&'static str, Self)> {
        let mut changed = Vec::new();
        let mut push_if_changed = |rule, policy: Self| {
            if policy != *self {
                changed.push((rule, policy));
            }
        };
        // Destructured without `..`, so that a new rule does not compile until it is compared here.
        let Self {
            watermark,
            watermark_scope,
            deleted,
            filter,
            newcomers,
            unknown_ids,
        } = *other;
        push_if_changed("watermark", Self { watermark, ..*self });
        push_if_changed(
            "watermark-scope",
            Self {
                watermark_scope,
                ..*self
            },
        );
        push_if_changed("deleted", Self { deleted, ..*self });
        push_if_changed("filter", Self { filter, ..*self });
        push_if_changed("newcomers", Self { newcomers, ..*self });
        push_if_changed(
            "unknown-ids",
            Self {
                unknown_ids,
                ..*self
            },
        );
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::policy::PolicyName;

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
