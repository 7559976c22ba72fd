"""The trial log: every answer and every score of a run, appended one by one and never lost.

A run's place is a path. Below a folder it is a folder of its own with JSON lines, see `evaluators.trial_files`; below a
file whose name ends in .db it is rows of that SQLite database, see `evaluators.trial_database`. Whoever dies in the
middle loses at most what was being written; the next one carries on behind it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from evaluators.calibration.canaries import CanaryCheck
from evaluators.database import is_database
from evaluators.errors import TrialLogError
from evaluators.recheck import Recheck
from evaluators.score import NotApplicable, Outcome, Score, Unscored

STATES: Mapping[str, type[Score | Unscored | NotApplicable]] = {
    "scored": Score,
    "unscored": Unscored,
    "not_applicable": NotApplicable,
}
STATE_NAMES = {kind: name for name, kind in STATES.items()}


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
    reused: str = ""
    """The run that was given this answer, when another took it over instead of asking."""


class Store(Protocol):
    """Where a run's lines go."""

    def add_answer(self, key: TrialKey, answer: StoredAnswer) -> StoredAnswer:
        """Keep an answer and return the one that counts: another writer may have been first."""
        ...

    def add_score(self, key: TrialKey, metric: str, version: str, outcome: Outcome) -> None:
        """Keep what an evaluator said."""
        ...

    def add_note(self, kind: str, name: str, content: Mapping[str, Any]) -> None:
        """Keep what is neither; a later note of one kind and name takes the earlier's place."""
        ...

    def close(self) -> None:
        """Let others write."""
        ...


@dataclass(slots=True)
class TrialLog:
    """One run, open for reading and perhaps for appending."""

    directory: Path
    """Its place: a folder, or below a database the run's name."""
    header: dict[str, Any]
    answers: dict[TrialKey, StoredAnswer] = field(default_factory=dict)
    scores: dict[tuple[TrialKey, str, str], Outcome] = field(default_factory=dict)
    """By trial, metric and evaluator version."""
    canaries: dict[str, CanaryCheck] = field(default_factory=dict)
    """What the canaries said about each metric's judge."""
    recheck: Recheck | None = None
    """What asking part of a stored baseline again has shown, when it was taken over from earlier runs."""
    again: dict[tuple[str, str, int], dict[str, float]] = field(default_factory=dict)
    """What a judge said when it was asked about the very same answer once more: by case, arm and number, by metric."""
    outcome: dict[str, Any] = field(default_factory=dict)
    """What became of the run: see `evaluators.history`. Empty while it is under way."""
    again_cost_usd: float = 0.0
    store: Store | None = None

    @property
    def name(self) -> str:
        """The run's name."""
        return self.directory.name

    def add_answer(self, key: TrialKey, answer: StoredAnswer) -> StoredAnswer:
        """Append an answer and return the one that counts.

        It takes the place of an error, or of an answer that was taken over and holds no longer, together with the
        scores of that one.
        """
        counts = self._open().add_answer(key, answer)
        self.put(key, counts)
        return counts

    def put(self, key: TrialKey, answer: StoredAnswer) -> None:
        """Remember an answer; what was said about one it replaces is forgotten."""
        if key in self.answers:
            for scored in [scored for scored in self.scores if scored[0] == key]:
                del self.scores[scored]
        self.answers[key] = answer

    def add_score(self, key: TrialKey, metric: str, version: str, outcome: Outcome) -> None:
        """Append what an evaluator said."""
        self._open().add_score(key, metric, version, outcome)
        self.scores[key, metric, version] = outcome

    def add_canaries(self, check: CanaryCheck) -> None:
        """Append what the canaries said about a metric's judge."""
        self._open().add_note("canaries", check.metric, asdict(check))
        self.canaries[check.metric] = check

    def add_recheck(self, recheck: Recheck) -> None:
        """Append what became of the stored baseline."""
        self._open().add_note("recheck", "", asdict(recheck))
        self.recheck = recheck

    def add_again(self, key: TrialKey, metric: str, value: float, cost_usd: float) -> None:
        """Append what a judge said when it was asked once more."""
        content = {
            "case": key.case, "arm": key.arm, "number": key.number, "metric": metric,
            "value": value, "cost_usd": cost_usd,
        }  # fmt: skip
        self._open().add_note("again", f"{key.case}/{key.arm}/{key.number}/{metric}", content)
        self.note("again", content)

    def add_outcome(self, outcome: Mapping[str, Any]) -> None:
        """Append what became of the run."""
        self._open().add_note("outcome", "", outcome)
        self.outcome = dict(outcome)

    def note(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take in a stored note; kinds that a newer version added are passed over."""
        if kind == "canaries":
            self.canaries[content["metric"]] = restored(CanaryCheck, content)
        elif kind == "recheck":
            self.recheck = restored(Recheck, content)
        elif kind == "again":
            place = content["case"], content["arm"], content["number"]
            self.again.setdefault(place, {})[content["metric"]] = content["value"]
            self.again_cost_usd += content["cost_usd"]
        elif kind == "outcome":
            self.outcome = dict(content)

    def close(self) -> None:
        """Let others write."""
        if self.store is not None:
            self.store.close()
            self.store = None

    def _open(self) -> Store:
        if self.store is None:
            raise TrialLogError(f"run {self.name}: opened for reading only")
        return self.store


def create(root: Path, header: Mapping[str, Any]) -> TrialLog:
    """Begin a run below `root`. Its name is the time, so that names in order are runs in order."""
    while True:
        now = datetime.now(UTC)
        # The last four digits are parts of the second, 15 microseconds each.
        name = f"{now:%Y%m%d-%H%M%S}-{now.microsecond * 65536 // 1_000_000:04x}"
        log = _backend(root).create(root, name, dict(header) | {"run": name})
        if log is not None:
            return log


def open_for_writing(directory: Path) -> TrialLog:
    """Open a run to carry on with it. In a folder a second writer is refused; in a database writers take turns."""
    return _backend(directory.parent).open_for_writing(directory)


def read(directory: Path) -> TrialLog:
    """Read a stored run."""
    return _backend(directory.parent).read(directory)


def stored_runs(root: Path) -> list[Path]:
    """Return the places of all runs below `root`, the oldest first."""
    return _backend(root).stored_runs(root)


def header_of(directory: Path) -> dict[str, Any]:
    """Read what a run was asked for, without its trials."""
    return _backend(directory.parent).header_of(directory)


def outcome_of(directory: Path) -> dict[str, Any]:
    """Read what became of a run, without its trials; nothing when it has not ended."""
    return _backend(directory.parent).outcome_of(directory)


def root_of(log: TrialLog) -> Path:
    """Return where a run is kept, with others."""
    parent = log.directory.parent
    return parent if is_database(parent) else parent.parent


def find(root: Path, name: str) -> Path:
    """Return the place of a run by name, path, or `latest`."""
    if Path(name).is_dir() or is_database(Path(name).parent):
        return Path(name)
    runs = stored_runs(root)
    if name == "latest" and runs:
        return runs[-1]
    found = [run for run in runs if run.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(run.name for run in runs[-5:]) or "none"
    problem = "several runs begin with" if found else "no run is called"
    raise TrialLogError(f"{problem} {name!r}; the latest are: {known}")


class _Backend(Protocol):
    """A way of keeping runs: a module."""

    def create(self, root: Path, name: str, header: Mapping[str, Any], /) -> TrialLog | None: ...
    def open_for_writing(self, directory: Path, /) -> TrialLog: ...
    def read(self, directory: Path, /) -> TrialLog: ...
    def stored_runs(self, root: Path, /) -> list[Path]: ...
    def header_of(self, directory: Path, /) -> dict[str, Any]: ...
    def outcome_of(self, directory: Path, /) -> dict[str, Any]: ...


def _backend(root: Path) -> _Backend:
    # Each builds on this module.
    from evaluators import trial_database, trial_files  # noqa: PLC0415

    return trial_database if is_database(root) else trial_files


def restored_answer(values: Mapping[str, Any]) -> StoredAnswer:
    """Build an answer from plain values."""
    answer: StoredAnswer = restored(StoredAnswer, values)
    return answer


def restored(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Build a dataclass from plain values; a field that a newer version added keeps its default."""
    known = {item.name: values[item.name] for item in fields(kind) if item.name in values}
    for name in ("context", "tool_calls", "again"):
        if name in known:
            known[name] = tuple(known[name])
    return kind(**known)


def may_replace(known: StoredAnswer) -> bool:
    """Say whether an answer may give way to a later one: an error, or one that another run was given."""
    return bool(known.error or known.reused)
