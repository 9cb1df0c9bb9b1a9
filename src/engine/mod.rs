//! Executes a plan: computes in parallel, commits in order, holds the lease, tells the outcome.
