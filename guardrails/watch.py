"""Follows one text, whole or still growing, under several guards, and says how much of it is beyond doubt."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guardrails.findings import Stretch, cut_before, merged
from guardrails.local import NOTHING_SAID, Conversation, Scanner, TooCostlyError, WholeGuard
from guardrails.segments import Cutter, Segment
from guardrails.tally import Tally
from guardrails.verdict import Failure, Finding

CONTEXT = 1
"""How much settled text is kept for patterns that ask what stands before them."""
LONGEST_OPEN = 16_384
"""A match that stays open for longer than this cannot be decided on a stream."""
TURNED_BACK = (1 << 30, 0.0, 0)
"""The rank of a placeholder: any finding that overlaps it wins."""


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of text to be shown to a detector."""

    segment: Segment
    text: str


class Watch:
    """One text under the guards of its place.

    `text` holds what is not released yet and a little before it, beginning at `base`; all offsets count from the start
    of the whole text.
    """

    def __init__(
        self,
        tallies: Sequence[Tally],
        placeholders: tuple[Any, Any] | None,
        conversation: Conversation = NOTHING_SAID,
    ) -> None:
        self._locals: list[tuple[Tally, Scanner]] = [
            (tally, tally.check.local.scanner()) for tally in tallies if tally.check.local
        ]
        self._wholes = [_Whole(tally, tally.check.whole) for tally in tallies if tally.check.whole]
        self._conversation = conversation
        self._remotes = [_Remote(tally) for tally in tallies if tally.check.remote]
        self._placeholders = _Placeholders(*placeholders) if placeholders else None
        self._stretches: list[Stretch] = []
        self._base = 0
        self._released = 0
        self.text = ""

    @property
    def is_idle(self) -> bool:
        """True when nothing looks at the text."""
        return not (self._locals or self._wholes or self._remotes or self._placeholders)

    @property
    def waits_for_a_detector(self) -> bool:
        """True when a window has to be shown to a detector before more can be released."""
        return any(remote.windows for remote in self._remotes)

    @property
    def remotes(self) -> "Sequence[_Remote]":
        """The guards whose detector has to be asked."""
        return self._remotes

    def grow(self, text: str, *, is_final: bool, raw: str | None = None) -> None:
        """Add text and run the guards that decide here and now. `raw` is how it is written, where that differs."""
        for whole in self._wholes:
            self._read(whole, text, text if raw is None else raw, is_final=is_final)
        self.text = text = self.text + text
        for tally, scanner in self._locals:
            started = time.perf_counter_ns()
            try:
                findings = scanner.advance(text, self._base, is_final=is_final)
            except TooCostlyError as error:
                tally.failure = Failure(error="crashed", reason=str(error))
                findings, scanner.settled = [], self._base + len(text)
                self._locals = [each for each in self._locals if each[1] is not scanner]
            if findings:
                self._note(tally, findings)
            if self._base + len(text) - scanner.settled > LONGEST_OPEN:
                reason = f"a match stayed open for more than {LONGEST_OPEN} characters"
                tally.failure = Failure(error="crashed", reason=reason)
                scanner.settled = self._base + len(text)
            tally.duration_ns += time.perf_counter_ns() - started
        if self._placeholders:
            self._stretches += self._placeholders.advance(text, self._base, is_final=is_final)
        for remote in self._remotes:
            remote.cut(text, self._base, is_final=is_final)

    def answer(self, remote: "_Remote", verdicts: Sequence[Sequence[Finding]]) -> None:
        """Take what a detector found in the windows it was shown."""
        for window, findings in zip(remote.take_windows(), verdicts, strict=True):
            self._note(remote.tally, remote.placed(window, findings))

    def give_up(self, remote: "_Remote", failure: Failure) -> None:
        """Note that a detector could not decide about the windows it was shown."""
        remote.tally.failure = failure
        for window in remote.take_windows():
            remote.settled = window.segment.end - window.segment.held_back

    def release(self, *, is_final: bool) -> tuple[str, int, list[Stretch]]:
        """Return the text that is beyond doubt now, where it begins, and the stretches to replace in it."""
        end = self._base + len(self.text)
        limit = end
        if not is_final:
            for tally, scanner in self._locals:
                # What is only noted need not wait: nothing follows from it for the text.
                if tally.check.changes_text:
                    limit = min(limit, scanner.settled)
            for remote in self._remotes:
                limit = min(limit, remote.settled)
            if self._placeholders:
                limit = min(limit, self._placeholders.settled)
        start = self._released
        stretches: list[Stretch] = []
        if self._stretches:
            joined = merged(self._stretches)
            if is_final and joined[-1].end > end:
                joined[-1].end = end
            limit = cut_before(joined, limit)
            stretches = [each for each in joined if each.start < limit]
            self._stretches = [each for each in joined if each.start >= limit]
        limit = max(limit, start)
        ready = self.text[start - self._base : limit - self._base]
        self._released = limit
        self._forget()
        return ready, start, stretches

    def _read(self, whole: "_Whole", text: str, raw: str, *, is_final: bool) -> None:
        started = time.perf_counter_ns()
        whole.length += len(text)
        whole.pieces.append(raw if whole.guard.reads_raw else text)
        if is_final:
            findings = whole.guard.judge("".join(whole.pieces), self._conversation)
            if findings and whole.guard.reads_raw:
                findings = [replace(each, start=0, end=whole.length) for each in findings]
            self._note(whole.tally, findings)
        whole.tally.duration_ns += time.perf_counter_ns() - started

    def _note(self, tally: Tally, findings: Sequence[Finding]) -> None:
        check = tally.check
        if check.is_particular:
            findings = check.counted(findings)
        tally.add(findings)
        if check.changes_text:
            order = check.order
            self._stretches += [
                Stretch(each.start, each.end, each.entity, (order, -each.score, each.start - each.end))
                for each in findings
                if not check.is_particular or check.changes(each.entity)
            ]

    def _forget(self) -> None:
        keep = self._released
        for _, scanner in self._locals:
            keep = min(keep, scanner.settled)
        for remote in self._remotes:
            keep = min(keep, remote.context)
        keep -= CONTEXT
        if keep > self._base:
            self.text = self.text[keep - self._base :]
            self._base = keep


@dataclass(slots=True)
class _Whole:
    """A text as a guard collects it that will read it whole."""

    tally: Tally
    guard: WholeGuard
    pieces: list[str] = field(default_factory=list)
    length: int = 0


class _Remote:
    """The windows that one detector still has to see, and how far its word reaches."""

    __slots__ = ("_cutter", "_windows", "settled", "tally")

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.settled = 0
        self._cutter = Cutter()
        self._windows: list[Window] = []

    @property
    def context(self) -> int:
        """From where the text is still needed."""
        return min(self._cutter.context, self.settled)

    @property
    def windows(self) -> list[Window]:
        """What the detector has to be shown before more can be released."""
        return self._windows

    def cut(self, text: str, base: int, *, is_final: bool) -> None:
        for segment in self._cutter.cut(text, base, is_final=is_final):
            window = text[segment.context - base : segment.end - base]
            self._windows.append(Window(segment, window))

    def take_windows(self) -> list[Window]:
        windows, self._windows = self._windows, []
        return windows

    def placed(self, window: Window, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings that this window decides about, at their place in the whole text."""
        segment = window.segment
        before, self.settled = self.settled, segment.end - segment.held_back
        shifted = [
            Finding(
                entity=each.entity,
                start=max(each.start + segment.context, before),
                end=each.end + segment.context,
                score=each.score,
            )
            for each in findings
        ]
        return [each for each in shifted if each.end > before and each.start < self.settled]


class _Placeholders:
    """Finds the session's own placeholders in an answer, so that they can be turned back."""

    __slots__ = ("_expression", "_open_end", "settled")

    def __init__(self, expression: Any, open_end: Any) -> None:
        self._expression = expression
        self._open_end = open_end
        self.settled = 0

    def advance(self, text: str, base: int, *, is_final: bool) -> list[Stretch]:
        start = max(self.settled - base, 0)
        open_at = len(text)
        if not is_final:
            open_end = self._open_end.search(text, start)
            open_at = open_end.start() if open_end else len(text)
        found: list[Stretch] = []
        for match in self._expression.finditer(text, start):
            if match.start() >= open_at:
                break
            found.append(Stretch(base + match.start(), base + match.end(), "", TURNED_BACK))
            # What was found is settled to its end, or the next look would find its second half again.
            open_at = max(open_at, match.end())
        self.settled = base + open_at
        return found
