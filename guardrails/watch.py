"""Follows one text, whole or still growing, under several guards, and says how much of it is beyond doubt."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from guardrails.findings import Stretch, cut_before, merged
from guardrails.local import NOTHING_SAID, TO_THE_END, Conversation, Scanner, TooCostlyError, WholeGuard
from guardrails.registry import RemoteGuard
from guardrails.segments import CLAUSES, Cutter, Segment
from guardrails.tally import Tally
from guardrails.verdict import Failure, Finding

CONTEXT = 1
"""How much settled text is kept for patterns that ask what stands before them."""
LONGEST_OPEN = 16_384
"""A match that stays open for longer than this cannot be decided on a stream."""
LONGEST_WHOLE = 1 << 22
"""A text that is longer than this is not collected for a guard that would read it whole."""
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
        *,
        is_growing: bool = False,
    ) -> None:
        self._locals: list[tuple[Tally, Scanner]] = [
            (tally, tally.check.local.scanner()) for tally in tallies if tally.check.local
        ]
        self._wholes = [_Whole(tally, tally.check.whole) for tally in tallies if tally.check.whole]
        self._conversation = conversation
        self._remotes = [
            _Remote(tally, tally.check.remote, conversation) for tally in tallies if tally.check.remote
        ]
        self._holding: list[tuple[Tally, Scanner | _Remote]] = []
        """The guards that a growing text waits for."""
        self._observing: list[Scanner | _Remote | _Whole] = []
        """The guards that look at what has gone out, and decide what of it may be kept."""
        followers: list[tuple[Tally, Scanner | _Remote]] = [*self._locals]
        followers += [(each.tally, each) for each in self._remotes]
        for tally, follower in followers:
            if tally.check.holds or (tally.check.is_waited_for and isinstance(follower, _Remote)):
                self._holding.append((tally, follower))
            elif tally.check.changes_text:
                self._observing.append(follower)
        self._observing += [each for each in self._wholes if each.tally.check.changes_text]
        self.keeps_later = bool(self._observing)
        """True when what is released may be kept only after another look."""
        self._is_growing = is_growing
        self._began_ns = self._came_ns = self._looked_ns = 0
        self._placeholders = _Placeholders(*placeholders) if placeholders else None
        self._stretches: list[Stretch] = []
        self._escalated: dict[Tally, set[str]] = {}
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
        return any(remote.windows and remote.is_waited_for for remote in self._remotes)

    @property
    def has_more_to_show(self) -> bool:
        """True when there is a window for a detector that nothing waits for."""
        return any(remote.windows and not remote.is_waited_for for remote in self._remotes)

    @property
    def is_holding(self) -> bool:
        """True while something that came is not released."""
        return self._base + len(self.text) > self._released

    @property
    def has_escalated(self) -> bool:
        """True while something was found that is held for a person, and nobody asked for it yet."""
        return bool(self._escalated)

    def take_escalated(self) -> dict[Tally, set[str]]:
        """Return what was found since the last time that is held for a person: types by guard."""
        escalated, self._escalated = self._escalated, {}
        return escalated

    def let_pass(self, tally: Tally) -> None:
        """Replace what a person let pass in what is stored alone."""
        for each in self._stretches:
            if each.rank[0] == tally.check.order and each.entity in tally.let_pass:
                each.may_pass = True

    @property
    def observed(self) -> int:
        """Up to where the text may be kept that was released."""
        return min((each.settled for each in self._observing), default=self._released)

    @property
    def remotes(self) -> "Sequence[_Remote]":
        """The guards whose detector has to be asked."""
        return self._remotes

    def grow(self, text: str, *, is_final: bool, raw: str | None = None) -> None:
        """Add text and run the guards that decide here and now. `raw` is how it is written, where that differs."""
        started = time.perf_counter_ns()
        if text:
            self._came_ns = started
            self._began_ns = self._began_ns or started
        for whole in self._wholes:
            self._read(whole, text, text if raw is None else raw, is_final=is_final)
        if self._wholes:
            started = time.perf_counter_ns()
        self.text = text = self.text + text
        for tally, scanner in self._locals:
            try:
                findings = scanner.advance(text, self._base, is_final=is_final)
            except TooCostlyError as error:
                tally.failure = Failure(error="crashed", reason=str(error))
                findings, scanner.settled = [], TO_THE_END
                self._locals = [each for each in self._locals if each[1] is not scanner]
            if findings:
                self._note(tally, findings)
            if self._base + len(text) - scanner.settled > LONGEST_OPEN:
                reason = f"a match stayed open for more than {LONGEST_OPEN} characters"
                tally.failure = Failure(error="crashed", reason=reason)
                scanner.settled = self._base + len(text)
            ended = time.perf_counter_ns()
            tally.duration_ns += ended - started
            started = ended
        self._looked_ns = started
        if self._placeholders:
            self._stretches += self._placeholders.advance(text, self._base, is_final=is_final)
        for remote in self._remotes:
            remote.cut(text, self._base, is_final=is_final)

    def answer(
        self, remote: "_Remote", windows: Sequence[Window], verdicts: Sequence[Sequence[Finding]]
    ) -> None:
        """Take what a detector found in the windows it was shown."""
        for window, findings in zip(windows, verdicts, strict=True):
            self._note(remote.tally, remote.placed(window, findings))

    def give_up(self, remote: "_Remote", windows: Sequence[Window], failure: Failure) -> None:
        """Note that a detector could not decide about the windows it was shown."""
        remote.tally.failure = failure
        for window in windows:
            remote.settled = window.segment.end - window.segment.held_back

    def release(self, *, is_final: bool) -> tuple[str, int, list[Stretch]]:
        """Return the text that is beyond doubt now, where it begins, and the stretches to replace in it."""
        end = self._base + len(self.text)
        limit = end
        if not is_final:
            # What is only noted need not wait: nothing follows from it for the text.
            for _, follower in self._holding:
                if follower.settled < limit:
                    limit = follower.settled
            if self._placeholders:
                limit = min(limit, self._placeholders.settled)
        if self._is_growing and self._began_ns:
            now_ns = time.perf_counter_ns() if self._remotes else self._looked_ns
            for tally, follower in self._holding:
                settled = end if is_final or follower.settled > end else follower.settled
                tally.let_go(settled, end, self._began_ns, self._came_ns, now_ns)
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
        if whole.length > LONGEST_WHOLE and self._is_growing:
            reason = f"the text has more than {LONGEST_WHOLE} characters"
            whole.tally.failure = Failure(error="crashed", reason=reason)
            whole.pieces.clear()
            return
        whole.pieces.append(raw if whole.guard.reads_raw else text)
        if is_final:
            whole.settled = TO_THE_END
            findings = whole.guard.judge("".join(whole.pieces), self._conversation)
            if findings and whole.guard.reads_raw:
                findings = [each._replace(start=0, end=whole.length) for each in findings]
            self._note(whole.tally, findings)
        whole.tally.duration_ns += time.perf_counter_ns() - started

    def _note(self, tally: Tally, findings: Sequence[Finding]) -> None:
        check = tally.check
        if check.is_particular:
            findings = check.counted(findings)
        tally.add(findings)
        if findings and check.may_escalate:
            for each in findings:
                if tally.action_for(each.entity) == "escalate":
                    self._escalated.setdefault(tally, set()).add(each.entity)
        if check.changes_text:
            order = check.order
            self._stretches += [
                Stretch(
                    each.start,
                    each.end,
                    each.entity,
                    (order, -each.score, each.start - each.end),
                    each.entity in tally.let_pass,
                )
                for each in findings
                if not check.is_particular or check.changes(each.entity)
            ]

    def _forget(self) -> None:
        keep = self._released
        for _, scanner in self._locals:
            keep = min(keep, scanner.settled)
        for remote in self._remotes:
            keep = min(keep, remote.context)
        if self._is_growing and len(self.text) > LONGEST_WHOLE:
            keep = self._give_up_collecting(keep)
        keep -= CONTEXT
        if keep > self._base:
            self.text = self.text[keep - self._base :]
            self._base = keep

    def _give_up_collecting(self, keep: int) -> int:
        """Let go of what detectors wanted to read whole; return what is needed then."""
        for remote in self._remotes:
            if remote.is_collecting:
                reason = f"the text has more than {LONGEST_WHOLE} characters"
                remote.tally.failure = Failure(error="crashed", reason=reason)
                remote.settled = TO_THE_END
        self._remotes = [remote for remote in self._remotes if not remote.is_collecting]
        return min([self._released, *(remote.context for remote in self._remotes)], default=keep)


@dataclass(slots=True)
class _Whole:
    """A text as a guard collects it that will read it whole."""

    tally: Tally
    guard: WholeGuard
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    settled: int = 0
    """Nothing is sure before the end."""


class _Remote:
    """The windows that one detector still has to see, and how far its word reaches."""

    __slots__ = ("_cutter", "_windows", "guard", "is_collecting", "is_waited_for", "settled", "tally")

    def __init__(self, tally: Tally, guard: RemoteGuard, conversation: Conversation) -> None:
        about = getattr(guard, "about", None)
        self.tally = tally
        self.guard: RemoteGuard = about(tally.place, conversation) if about else guard
        """What is asked, with what it needs to know of this conversation."""
        self.is_collecting = tally.check.reads_whole
        self.is_waited_for = tally.check.is_waited_for
        self.settled = 0
        self._cutter = Cutter(getattr(guard, "windows", CLAUSES))
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
        if self.is_collecting:
            if is_final and text:
                self._windows.append(Window(Segment(0, base + len(text), 0, 0), text))
            return
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
