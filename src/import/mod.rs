//! Files become sources, with a verdict for each row.
