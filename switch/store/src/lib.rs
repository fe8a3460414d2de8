//! What lasts: SQLite and PostgreSQL behind one contract.
