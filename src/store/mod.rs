//! All SQL, pragmas, migrations and transactions: the only place that names rusqlite.
