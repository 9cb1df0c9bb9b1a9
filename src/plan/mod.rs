//! Planning, pure: a request and the facts of a survey become a plan. No I/O, no clock.
