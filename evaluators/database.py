"""One SQLite file in the place of a folder: many runs, many writers, and nothing stored twice."""

import sqlite3
from pathlib import Path

from evaluators.errors import TrialLogError

SUFFIXES = frozenset({".db", ".sqlite", ".sqlite3"})
_PATIENCE_S = 30.0
_TABLES = """
CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, header TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    run TEXT NOT NULL, case_id TEXT NOT NULL, arm TEXT NOT NULL, number INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (run, case_id, arm, number, fingerprint)
);
CREATE TABLE IF NOT EXISTS scores (
    run TEXT NOT NULL, case_id TEXT NOT NULL, arm TEXT NOT NULL, number INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    metric TEXT NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (run, case_id, arm, number, fingerprint, metric, version)
);
CREATE TABLE IF NOT EXISTS notes (
    run TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (run, kind, name)
);
CREATE TABLE IF NOT EXISTS judgements (key TEXT PRIMARY KEY, score TEXT NOT NULL);
"""


def is_database(path: Path) -> bool:
    """Say whether runs below this path are kept in one SQLite file: its name ends in .db, .sqlite or .sqlite3."""
    return path.suffix in SUFFIXES and not path.is_dir()


def connected(path: Path) -> sqlite3.Connection:
    """Open a database, and make it if there is none. Writers take turns; readers wait for nobody."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_TABLES)
    except (OSError, sqlite3.DatabaseError) as error:
        raise TrialLogError(f"{path}: cannot be opened as a SQLite database: {error}") from error
    return connection
