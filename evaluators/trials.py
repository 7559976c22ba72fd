"""The trial log: every answer and every score of a run, appended line by line and never changed.

A run is a folder with `run.json`, what was asked for, and `trials.jsonl`, what came. Whoever dies in the middle loses at
most the line being written; the next one carries on after the last whole line.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from evaluators.calibration.canaries import CanaryCheck
from evaluators.errors import TrialLogError
from evaluators.score import NotApplicable, Outcome, Score, Unscored

_STATES: Mapping[str, type[Score | Unscored | NotApplicable]] = {
    "scored": Score,
    "unscored": Unscored,
    "not_applicable": NotApplicable,
}
_NAMES = {kind: name for name, kind in _STATES.items()}


@dataclass(frozen=True, slots=True)
class TrialKey:
    """Which answer is meant."""

    case: str
    arm: str
    number: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer as it came, or why none did."""

    output: str
    error: str = ""
    input: str = ""
    context: tuple[str, ...] = ()
    finish_reason: str | None = None
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    model: str | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class TrialLog:
    """One run's folder, open for reading and appending."""

    directory: Path
    header: dict[str, Any]
    answers: dict[TrialKey, StoredAnswer] = field(default_factory=dict)
    scores: dict[tuple[TrialKey, str, str], Outcome] = field(default_factory=dict)
    """By trial, metric and evaluator version."""
    canaries: dict[str, CanaryCheck] = field(default_factory=dict)
    """What the canaries said about each metric's judge."""
    _file: TextIO | None = None

    @property
    def name(self) -> str:
        """The run's name."""
        return self.directory.name

    def add_answer(self, key: TrialKey, answer: StoredAnswer) -> None:
        """Append an answer. A later one with the same key takes its place: a retry after an error."""
        self.answers[key] = answer
        self._append({"type": "answer", **asdict(key), **asdict(answer)})

    def add_score(self, key: TrialKey, metric: str, version: str, outcome: Outcome) -> None:
        """Append what an evaluator said."""
        self.scores[key, metric, version] = outcome
        line = {
            "type": "score",
            **asdict(key),
            "metric": metric,
            "of": version,
            "state": _NAMES[type(outcome)],
        }
        self._append(line | {"outcome": asdict(outcome)})

    def add_canaries(self, check: CanaryCheck) -> None:
        """Append what the canaries said about a metric's judge."""
        self.canaries[check.metric] = check
        self._append({"type": "canaries", **asdict(check)})

    def _append(self, line: Mapping[str, Any]) -> None:
        if self._file is None:
            raise TrialLogError(f"run {self.name}: opened for reading only")
        self._file.write(json.dumps(line, ensure_ascii=True, default=str) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Let others write."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None


def create(root: Path, header: Mapping[str, Any]) -> TrialLog:
    """Begin a run in a folder of its own below `root`."""
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    directory = root / "runs" / name
    directory.mkdir(parents=True)
    unfinished = directory / "run.json.new"
    unfinished.write_text(json.dumps(dict(header) | {"run": name}, indent=1, default=str), "utf-8")
    unfinished.replace(directory / "run.json")
    return open_for_writing(directory)


def open_for_writing(directory: Path) -> TrialLog:
    """Open a run to carry on with it; a second writer is refused."""
    file = (directory / "trials.jsonl").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise TrialLogError(f"run {directory.name} is being written by another process") from error
    _cut_torn_line(directory / "trials.jsonl")
    log = read(directory)
    log._file = file
    return log


def read(directory: Path) -> TrialLog:
    """Read a stored run."""
    try:
        header = json.loads((directory / "run.json").read_text("utf-8"))
    except FileNotFoundError as error:
        raise TrialLogError(f"{directory}: no run is stored there") from error
    except ValueError as error:
        raise TrialLogError(f"{directory / 'run.json'}: not JSON") from error
    log = TrialLog(directory, header)
    for line in _lines(directory / "trials.jsonl"):
        if line["type"] == "canaries":
            log.canaries[line["metric"]] = _restored(CanaryCheck, line)
            continue
        key = TrialKey(line["case"], line["arm"], line["number"], line["fingerprint"])
        if line["type"] == "answer":
            log.answers[key] = _restored(StoredAnswer, line)
        else:
            log.scores[key, line["metric"], line["of"]] = _restored(_STATES[line["state"]], line["outcome"])
    return log


def find(root: Path, name: str) -> Path:
    """Return the folder of a run by name, path, or `latest`."""
    if Path(name).is_dir():
        return Path(name)
    runs = sorted(root.glob("runs/*/run.json"))
    if name == "latest" and runs:
        return runs[-1].parent
    found = [run.parent for run in runs if run.parent.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(run.parent.name for run in runs[-5:]) or "none"
    problem = "several runs begin with" if found else "no run is called"
    raise TrialLogError(f"{problem} {name!r}; the latest are: {known}")


def restored_answer(values: Mapping[str, Any]) -> StoredAnswer:
    """Build an answer from plain values."""
    answer: StoredAnswer = _restored(StoredAnswer, values)
    return answer


def _restored(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Build a dataclass from a line; a field that a newer version added keeps its default."""
    known = {item.name: values[item.name] for item in fields(kind) if item.name in values}
    for name in ("context", "tool_calls"):
        if name in known:
            known[name] = tuple(known[name])
    return kind(**known)


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
