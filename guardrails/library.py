"""Guards without a server, a proxy or an event loop: text in, outcome out."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID, uuid4

from guardrails.kinds import SAID_BY_THE_MODEL
from guardrails.one_way import RedactionKeys
from guardrails.outcome import Detector, Outcome, PlacedText
from guardrails.policy import GuardConfig, Policy, PolicyError
from guardrails.redaction import NEED_KEYS
from guardrails.registry import RemoteGuard, checks, validate_policy
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
    """A policy to be used from a program: `Guard(GuardConfig(name="pii", kind="pii", action="mask")).check(text)`.

    What the proxy and the receiver do to a call, it does to a text, by the same code. `key` is for guards that hash or
    encrypt: the same key gives the same stand-ins.
    """

    def __init__(
        self, *guards: GuardConfig, key: str | bytes = b"", detector: Detector | None = None
    ) -> None:
        self._open(Policy(id=_NO_ID, name="library", version=0, guards=guards), key, detector)

    @classmethod
    def of(cls, policy: Policy, *, key: str | bytes = b"", detector: Detector | None = None) -> "Guard":
        """Return a guard with all of a policy. Raises PolicyError for one that cannot be enforced."""
        made = cls.__new__(cls)
        made._open(policy, key, detector)
        return made

    def _open(self, policy: Policy, key: str | bytes, detector: Detector | None) -> None:
        validate_policy(policy)
        needy = next((each.name for each in policy.guards if each.replacement in NEED_KEYS), None)
        if needy is not None and not key:
            raise PolicyError(
                f"guard {needy!r} hashes or encrypts, and there is no key to do it with: give `key`"
            )
        self.policy = policy
        self._keys = RedactionKeys.derive(key, policy.id) if key else None
        self._detector = detector or LocalDetector()
        self._asks_several = sum(each.remote is not None for each in checks(policy)) > 1

    def session(self, conversation: str = "") -> GuardSession:
        """Return a session for one exchange: what it masks in the input comes back in the output."""
        return GuardSession(self.policy, self._detector, conversation or uuid4().hex, self._keys)

    async def check_async(self, text: str, *, place: Place = "user", conversation: str = "") -> Outcome:
        """Return what the guards make of a text."""
        texts = [PlacedText(place=place, text=text)]
        session = self.session(conversation)
        return await (
            session.check_output(texts) if place in SAID_BY_THE_MODEL else session.check_input(texts)
        )

    def check(self, text: str, *, place: Place = "user", conversation: str = "") -> Outcome:
        """Return what the guards make of a text, whether or not an event loop is running here."""
        checking = self.check_async(text, place=place, conversation=conversation)
        if not self._asks_several:
            return _finished(checking)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(checking)
        # Several detectors are asked at once, which takes a loop, and the one that runs here is busy with us.
        with ThreadPoolExecutor(max_workers=1) as apart:
            return apart.submit(asyncio.run, checking).result()


def guard_for(policy: Policy, key: str | bytes) -> Guard:
    """Return the guard of a policy, made once for each."""
    known = _KNOWN.get((id(policy), key))
    if known is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(policy), key] = Guard.of(policy, key=key)
    return known


_MOST_KNOWN = 128
# By identity: a guard keeps its policy, so that what is known here cannot lose its id.
_KNOWN: dict[tuple[int, str | bytes], Guard] = {}


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that never waits, whether or not an event loop is running."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise RuntimeError("a local guard waited for something")
