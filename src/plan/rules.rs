//! Policies rule by rule: in which two differ, and what each would be with one of the other's.

use super::Policy;

impl Policy {
    /// The rules in which it differs from another, each with this policy where that rule alone
    /// is the other's.
    pub fn differing_rules(&self, other: &Self) -> Vec<(&'static str, Self)> {
        let mut changed = Vec::new();
        let mut put = |rule, policy: Self| {
            if policy != *self {
                changed.push((rule, policy));
            }
        };
        let Self {
            watermark,
            watermark_scope,
            deleted,
            filter,
            newcomers,
            unknown_ids,
            first_run,
        } = *other;
        put("watermark", Self { watermark, ..*self });
        put(
            "watermark-scope",
            Self {
                watermark_scope,
                ..*self
            },
        );
        put("deleted", Self { deleted, ..*self });
        put("filter", Self { filter, ..*self });
        put("newcomers", Self { newcomers, ..*self });
        put(
            "unknown-ids",
            Self {
                unknown_ids,
                ..*self
            },
        );
        put("first-run", Self { first_run, ..*self });
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PolicyName;

    #[test]
    fn each_rule_that_differs_is_changed_alone() {
        let (bug, ours) = (PolicyName::GlobalMax.policy(), Policy::default());
        let changed = bug.differing_rules(&ours);
        let rules: Vec<_> = changed.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(
            rules,
            ["watermark", "watermark-scope", "filter", "newcomers"]
        );
        for (rule, policy) in &changed {
            assert_eq!(policy.differing_rules(&bug).len(), 1, "{rule}");
            assert_eq!(
                policy.differing_rules(&ours).len(),
                changed.len() - 1,
                "{rule}"
            );
        }
        assert!(ours.differing_rules(&ours).is_empty());
    }
}
