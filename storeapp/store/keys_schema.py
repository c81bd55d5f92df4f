"""The tables of keys.db, step by step."""

from storeapp.store.migrate import Migration, statements

MIGRATIONS: tuple[Migration, ...] = (
    statements(
        "CREATE TABLE vault (only INTEGER PRIMARY KEY CHECK (only = 1), record TEXT NOT NULL) STRICT",
        """CREATE TABLE subject_key (
            subject TEXT NOT NULL, key_id BLOB NOT NULL, wrapped BLOB NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (subject, key_id)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE secret (
            name TEXT PRIMARY KEY, value BLOB NOT NULL,
            is_wrapped INTEGER NOT NULL CHECK (is_wrapped IN (0, 1))) STRICT""",
        """CREATE TABLE pin (
            staff TEXT PRIMARY KEY, salt BLOB NOT NULL, verifier BLOB NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0, locked_until INTEGER NOT NULL DEFAULT 0) STRICT""",
    ),
)
