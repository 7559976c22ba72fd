"""What the kernel says of a process that owes a sign of life: whether it stands still, waits for a core, or works.

Linux tells it in `/proc`. Elsewhere nothing is known, and only the time counts.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROCESSES = Path("/proc")
_RUNNABLE, _STOPPED = "R", "T"
_STILL = frozenset("ST")
"""Asleep until something happens, or stopped. One that waits for a disk (D) is not: slow memory looks like that, too."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread: its state, and its time on a core and in line for one since it began."""

    state: str
    busy_ns: int
    waited_ns: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """A process at one moment."""

    at_s: float
    threads: Mapping[int, Thread]

    @property
    def is_stopped(self) -> bool:
        """True when somebody has stopped it as a whole."""
        return all(thread.state == _STOPPED for thread in self.threads.values())

    def stood_still_since(self, before: "Vitals") -> bool:
        """Tell whether nothing of it has run, nor would have run had there been a core."""
        return before.threads.keys() == self.threads.keys() and all(
            now.state in _STILL and now.busy_ns == before.threads[number].busy_ns
            for number, now in self.threads.items()
        )

    def starved_since(self, before: "Vitals") -> float:
        """Return for what part of the time the thread that waited longest for a core waited for one, from 0 to 1."""
        whole_ns = max(1, round((self.at_s - before.at_s) * 1e9))
        longest_ns = 0
        for number, now in self.threads.items():
            then = before.threads.get(number, Thread("", 0, 0))
            waited_ns = now.waited_ns - then.waited_ns
            if now.state == _RUNNABLE and then.state == _RUNNABLE:
                # The kernel adds a wait to the sum when it is over, and this one is not.
                waited_ns = max(waited_ns, whole_ns - (now.busy_ns - then.busy_ns))
            longest_ns = max(longest_ns, waited_ns)
        return min(1.0, longest_ns / whole_ns)


def vitals(process: int) -> Vitals | None:
    """Return what the kernel says of a process now; None where it does not say, or when the process is gone."""
    threads: dict[int, Thread] = {}
    try:
        for each in (PROCESSES / str(process) / "task").iterdir():
            state = (each / "stat").read_text().rpartition(")")[2].split()[0]
            busy, waited, *_ = (each / "schedstat").read_text().split()
            threads[int(each.name)] = Thread(state, int(busy), int(waited))
    except (OSError, ValueError, IndexError):
        return None
    # A kernel that keeps no such account writes zeros, and nothing has begun without ever having run.
    has_account = all(thread.busy_ns for thread in threads.values())
    return Vitals(time.monotonic(), threads) if threads and has_account else None


@dataclass(slots=True, kw_only=True)
class Patience:
    """How long a process may owe a sign of life.

    While it stands still, though something waits for it, only for a short time; else for a long one, of which the time that it
    waited for a core does not count: an overloaded machine is not mended by starting what runs on it anew. Time is counted
    in turns of our own clock: were we stopped ourselves, only one of them would have passed.
    """

    process: int
    still_s: float
    silent_s: float
    _owed_s: float = 0.0
    _still_s: float = 0.0
    _seen: Vitals | None = field(init=False)

    def __post_init__(self) -> None:
        self._seen = vitals(self.process)

    def renew(self) -> None:
        """Note that the process has given a sign of life."""
        self._owed_s = self._still_s = 0.0
        self._seen = vitals(self.process)

    def wait(self, turn_s: float, *, is_due: bool = True) -> str:
        """Note a turn without one, and return why there is no patience left, if so. `is_due` if it was owed all the time."""
        before, self._seen = self._seen, vitals(self.process)
        starved, is_still = 0.0, False
        if before is not None and self._seen is not None:
            starved = self._seen.starved_since(before)
            is_still = self._seen.stood_still_since(before) and (is_due or self._seen.is_stopped)
        self._still_s = self._still_s + turn_s if is_still else 0.0
        self._owed_s += turn_s * (1 - starved)
        # A hundredth for what adding up fractions takes away.
        if self._still_s > self.still_s - turn_s / 100:
            return f"stood still for {self._still_s:.1f} s"
        return f"was silent for {self._owed_s:.1f} s" if self._owed_s > self.silent_s - turn_s / 100 else ""
