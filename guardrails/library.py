"""Guards without a server, a proxy or an event loop: text in, outcome out."""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from guardrails.outcome import Outcome, PlacedText
from guardrails.policy import GuardConfig, Policy
from guardrails.registry import RemoteGuard, validate_policy
from guardrails.session import GuardSession
from guardrails.verdict import Failure, Finding, Place

T = TypeVar("T")
_NO_ID = UUID(int=0)


class LocalDetector:
    """Runs the guard server's detectors in this process; the first text waits about a second while they load."""

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Sequence[Finding]] | Failure:
        """Return the findings in each text. The deadline is not kept: nothing here can be interrupted."""
        # Presidio, spaCy and the encoder are loaded by those who detect with them, not by those who import guardrails.
        from guardrails.server.detectors import answers_of  # noqa: PLC0415
        from guardrails.server.pieces import Piece  # noqa: PLC0415

        beside: Mapping[str, str] = getattr(guard, "beside", {})
        answers = answers_of(guard.kind, guard.parameters, [Piece(text, **beside) for text in texts])
        for answer in answers:
            if "error" in answer:
                error = answer["error"]
                is_configured = error["type"] == "detector_failed"
                return Failure(error="crashed" if is_configured else "misconfigured", reason=error["message"])
        return [[Finding(**each) for each in answer["findings"]] for answer in answers]


class Guard:
    """A policy to be used from a program: `Guard(GuardConfig(name="pii", kind="pii", action="mask")).check(text)`."""

    def __init__(self, *guards: GuardConfig) -> None:
        self.policy = Policy(id=_NO_ID, name="library", version=0, guards=guards)
        validate_policy(self.policy)

    def check(self, text: str, *, place: Place = "user") -> Outcome:
        """Return what the guards make of a text."""
        session = GuardSession(self.policy, LocalDetector())
        return _finished(session.check_input([PlacedText(place=place, text=text)]))


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that never waits, whether or not an event loop is running."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise RuntimeError("a local guard waited for something")
