"""A run as a folder: `run.json`, what was asked for, and `trials.jsonl`, what came, one line each."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from evaluators.errors import TrialLogError
from evaluators.score import Outcome
from evaluators.trials import STATE_NAMES, STATES, StoredAnswer, TrialKey, TrialLog, restored, restored_answer

_LINES = "trials.jsonl"
_NOTES = frozenset({"canaries", "recheck", "again"})


@dataclass(frozen=True, slots=True)
class _Lines:
    """A file that one process appends to."""

    file: TextIO
    directory: Path

    def add_answer(self, key: TrialKey, answer: StoredAnswer) -> StoredAnswer:
        """Append an answer; a later line takes an earlier one's place."""
        self._append({"type": "answer", **asdict(key), **asdict(answer)})
        return answer

    def add_score(self, key: TrialKey, metric: str, version: str, outcome: Outcome) -> None:
        """Append a score."""
        line = {"type": "score", **asdict(key), "metric": metric, "of": version}
        self._append(line | {"state": STATE_NAMES[type(outcome)], "outcome": asdict(outcome)})

    def add_note(self, kind: str, name: str, content: Mapping[str, Any]) -> None:
        """Append a note; a run's outcome is a file of its own, so that a hundred of them are read in a moment."""
        if kind == "outcome":
            unfinished = self.directory / "outcome.json.new"
            unfinished.write_text(json.dumps(content), "utf-8")
            unfinished.replace(self.directory / "outcome.json")
            return
        self._append({"type": kind, **content})

    def _append(self, line: Mapping[str, Any]) -> None:
        self.file.write(json.dumps(line, ensure_ascii=True, default=str) + "\n")
        self.file.flush()

    def close(self) -> None:
        """Let others write."""
        os.fsync(self.file.fileno())
        self.file.close()


def create(root: Path, name: str, header: Mapping[str, Any]) -> TrialLog | None:
    """Begin a run in a folder of its own; None when one of that name exists."""
    directory = root / "runs" / name
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        return None
    unfinished = directory / "run.json.new"
    unfinished.write_text(json.dumps(header, indent=1, default=str), "utf-8")
    unfinished.replace(directory / "run.json")
    return open_for_writing(directory)


def open_for_writing(directory: Path) -> TrialLog:
    """Open a run to carry on with it; a second writer is refused."""
    header_of(directory)
    file = (directory / _LINES).open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise TrialLogError(f"run {directory.name} is being written by another process") from error
    _cut_torn_line(directory / _LINES)
    log = read(directory)
    log.store = _Lines(file, directory)
    return log


def read(directory: Path) -> TrialLog:
    """Read a stored run."""
    log = TrialLog(directory, header_of(directory))
    for line in _lines(directory / _LINES):
        if line["type"] in _NOTES:
            log.note(line["type"], line)
        elif line["type"] == "answer":
            log.put(_key(line), restored_answer(line))
        else:
            log.scores[_key(line), line["metric"], line["of"]] = restored(
                STATES[line["state"]], line["outcome"]
            )
    log.outcome = outcome_of(directory)
    return log


def stored_runs(root: Path) -> list[Path]:
    """Return the folders of all runs, the oldest first."""
    return [path.parent for path in sorted(root.glob("runs/*/run.json"))]


def outcome_of(directory: Path) -> dict[str, Any]:
    """Read what became of a run; nothing when it has not ended, or what is there cannot be read."""
    try:
        outcome: dict[str, Any] = json.loads((directory / "outcome.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return outcome


def header_of(directory: Path) -> dict[str, Any]:
    """Read what a run was asked for."""
    try:
        header: dict[str, Any] = json.loads((directory / "run.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise TrialLogError(f"{directory}: no run is stored there") from error
    except ValueError as error:
        raise TrialLogError(f"{directory / 'run.json'}: not JSON") from error
    return header


def _key(line: Mapping[str, Any]) -> TrialKey:
    return TrialKey(line["case"], line["arm"], line["number"], line["fingerprint"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith("\n"):
                return
            try:
                yield json.loads(line)
            except ValueError as error:
                raise TrialLogError(
                    f"{path}, line {number}: not JSON; the file was changed by someone else"
                ) from error


def _cut_torn_line(path: Path) -> None:
    """Drop what a killed writer left of its last line."""
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
