"""A run as rows of a SQLite database: (run, case, arm, trial, fingerprint) is the key, so nothing counts twice."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluators.database import connected
from evaluators.errors import TrialLogError
from evaluators.score import Outcome
from evaluators.trials import (
    STATE_NAMES,
    STATES,
    StoredAnswer,
    TrialKey,
    TrialLog,
    may_replace,
    restored,
    restored_answer,
)

_ANSWER = (
    "SELECT content FROM answers WHERE run = ? AND case_id = ? AND arm = ? AND number = ? AND fingerprint = ?"
)
_PUT_ANSWER = """
INSERT INTO answers (run, case_id, arm, number, fingerprint, content) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET content = excluded.content
"""
_FORGET_SCORES = (
    "DELETE FROM scores WHERE run = ? AND case_id = ? AND arm = ? AND number = ? AND fingerprint = ?"
)
_PUT_SCORE = """
INSERT INTO scores (run, case_id, arm, number, fingerprint, metric, version, state, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET state = excluded.state, content = excluded.content
"""
_PUT_NOTE = """
INSERT INTO notes (run, kind, name, content) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET content = excluded.content
"""


@dataclass(frozen=True, slots=True)
class _Rows:
    """A run's rows; each is written by itself and at once."""

    connection: sqlite3.Connection
    run: str

    def add_answer(self, key: TrialKey, answer: StoredAnswer) -> StoredAnswer:
        """Store an answer unless another writer was first, whose answer counts then."""
        place = (self.run, key.case, key.arm, key.number, key.fingerprint)
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            found = self.connection.execute(_ANSWER, place).fetchone()
            known = None if found is None else restored_answer(json.loads(found[0]))
            if known is None or may_replace(known):
                self.connection.execute(_PUT_ANSWER, (*place, _dumped(asdict(answer))))
                if known is not None:
                    self.connection.execute(_FORGET_SCORES, place)
                known = answer
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return known

    def add_score(self, key: TrialKey, metric: str, version: str, outcome: Outcome) -> None:
        """Store a score."""
        place = (self.run, key.case, key.arm, key.number, key.fingerprint, metric, version)
        self.connection.execute(_PUT_SCORE, (*place, STATE_NAMES[type(outcome)], _dumped(asdict(outcome))))

    def add_note(self, kind: str, name: str, content: Mapping[str, Any]) -> None:
        """Store a note."""
        self.connection.execute(_PUT_NOTE, (self.run, kind, name, _dumped(content)))

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def create(root: Path, name: str, header: Mapping[str, Any]) -> TrialLog | None:
    """Begin a run; None when one of that name exists."""
    connection = connected(root)
    try:
        connection.execute("INSERT INTO runs (name, header) VALUES (?, ?)", (name, _dumped(header)))
    except sqlite3.IntegrityError:
        connection.close()
        return None
    return TrialLog(root / name, dict(header), store=_Rows(connection, name))


def open_for_writing(directory: Path) -> TrialLog:
    """Open a run to carry on with it, perhaps beside others."""
    log = read(directory)
    log.store = _Rows(connected(directory.parent), directory.name)
    return log


def read(directory: Path) -> TrialLog:
    """Read a stored run."""
    connection, run = _existing(directory.parent), (directory.name,)
    try:
        log = TrialLog(directory, _header(connection, directory))
        for *place, content in connection.execute(
            "SELECT case_id, arm, number, fingerprint, content FROM answers WHERE run = ? ORDER BY rowid", run
        ):
            log.answers[TrialKey(*place)] = restored_answer(json.loads(content))
        for *place, metric, version, state, content in connection.execute(
            "SELECT case_id, arm, number, fingerprint, metric, version, state, content FROM scores WHERE run = ? "
            "ORDER BY rowid",
            run,
        ):
            log.scores[TrialKey(*place), metric, version] = restored(STATES[state], json.loads(content))
        for kind, content in connection.execute("SELECT kind, content FROM notes WHERE run = ?", run):
            log.note(kind, json.loads(content))
    finally:
        connection.close()
    return log


def stored_runs(root: Path) -> list[Path]:
    """Return the places of all runs, the oldest first."""
    if not root.exists():
        return []
    connection = connected(root)
    try:
        return [root / name for (name,) in connection.execute("SELECT name FROM runs ORDER BY name")]
    finally:
        connection.close()


def header_of(directory: Path) -> dict[str, Any]:
    """Read what a run was asked for."""
    connection = _existing(directory.parent)
    try:
        return _header(connection, directory)
    finally:
        connection.close()


def outcome_of(directory: Path) -> dict[str, Any]:
    """Read what became of a run; nothing when it has not ended."""
    connection = _existing(directory.parent)
    try:
        found = connection.execute(
            "SELECT content FROM notes WHERE run = ? AND kind = 'outcome'", (directory.name,)
        ).fetchone()
    finally:
        connection.close()
    outcome: dict[str, Any] = {} if found is None else json.loads(found[0])
    return outcome


def _existing(path: Path) -> sqlite3.Connection:
    """Open a database that must be there: looking for a run makes no file."""
    if not path.exists():
        raise TrialLogError(f"{path}: no such database")
    return connected(path)


def _header(connection: sqlite3.Connection, directory: Path) -> dict[str, Any]:
    found = connection.execute("SELECT header FROM runs WHERE name = ?", (directory.name,)).fetchone()
    if found is None:
        raise TrialLogError(f"{directory}: no run is stored there")
    header: dict[str, Any] = json.loads(found[0])
    return header


def _dumped(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True, default=str)
