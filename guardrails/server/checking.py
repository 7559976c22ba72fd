"""From checks to verdicts: each text goes through the line once for all guards, or to a model far away."""

import asyncio
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from guardrails.guards.pii import MODEL_ENTITIES
from guardrails.server.far import FarModels
from guardrails.server.known import ENCODER_KINDS, FAR_KINDS
from guardrails.server.pieces import Answer, Asked, Piece, asked, failed
from guardrails.server.requests import Check, Checks, RefusedError, refusal
from guardrails.server.workers import DetectorError, OverloadedError, Workers

_OVERLOADED = "too many texts are waiting; come back in a second"


class Checking:
    """Answers checks."""

    def __init__(self, workers: Workers, far: FarModels) -> None:
        self._workers = workers
        self._far = far
        self._numbers = itertools.count(1)

    async def verdicts(self, checks: Checks) -> list[Any]:
        """Return for each check its verdicts, or what went wrong. Raises RefusedError when the request as a whole fails."""
        answers = await self._answers(checks)
        results: list[Any] = []
        for check, said in zip(checks.checks, answers, strict=True):
            problem = next((each["error"] for each in said if "error" in each), None)
            if problem is None and not _are_verdicts(said, check.pieces):
                problem = failed("detector_failed", "a detector said what cannot be")["error"]
            if problem is not None and not checks.is_apart:
                raise refusal(problem)
            if problem is not None:
                results.append({"error": problem})
            else:
                marked = zip(said, check.pieces, strict=True)
                results.append([{"seen": piece.mark, **each} for each, piece in marked])
        return results

    async def ask(
        self, kind: str, parameters: Mapping[str, Any], texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Answer]:
        """Return what one guard, or one of the server's own questions, says of texts. Raises RefusedError."""
        check = Check(asked(kind, parameters), [Piece(text) for text in texts])
        (answers,) = await self._answers(Checks([check], deadline_s, False))
        for answer in answers:
            if "error" in answer:
                raise refusal(answer["error"])
        return answers

    async def _answers(self, checks: Checks) -> list[list[Answer]]:
        """Return what the guard of each check says of each of its pieces."""
        wanted: dict[Piece, dict[Asked, None]] = {}
        far: dict[tuple[Piece, Asked], None] = {}
        for check in checks.checks:
            if check.problem:
                continue
            for piece in check.pieces:
                if check.guard.kind in FAR_KINDS:
                    far[piece, check.guard] = None
                else:
                    wanted.setdefault(piece, {})[check.guard] = None
        if self._workers.queued + len(wanted) > self._workers.waiting:
            raise RefusedError(503, "overloaded", _OVERLOADED)
        loop = asyncio.get_running_loop()
        deadline, number = loop.time() + checks.deadline_s, next(self._numbers)
        found: dict[tuple[Piece, Asked], Answer] = {}
        try:
            async with asyncio.timeout_at(deadline):
                here = asyncio.gather(
                    *(self._look(piece, list(guards), deadline, number) for piece, guards in wanted.items())
                )
                there = asyncio.gather(*(self._far.look(guard, piece) for piece, guard in far))
                near, distant = await asyncio.gather(here, there)
        except TimeoutError:
            raise RefusedError(504, "timeout", _late(checks.deadline_s)) from None
        for (piece, guards), answers in zip(wanted.items(), near, strict=True):
            found.update({(piece, guard): answer for guard, answer in zip(guards, answers, strict=True)})
        found.update(dict(zip(far, distant, strict=True)))
        return [
            [failed("bad_guard", check.problem)]
            if check.problem
            else [found[piece, check.guard] for piece in check.pieces]
            for check in checks.checks
        ]

    async def _look(
        self, piece: Piece, guards: Sequence[Asked], deadline: float, request: int
    ) -> Sequence[Answer]:
        reads = any(_reads(guard) for guard in guards)
        try:
            return await self._workers.run(piece, guards, reads=reads, deadline=deadline, request=request)
        except DetectorError as error:
            return [failed("detector_failed", str(error))] * len(guards)
        except OverloadedError:
            return [failed("overloaded", _OVERLOADED)] * len(guards)
        except TimeoutError:
            return [failed("timeout", "the deadline passed while the text waited")] * len(guards)


def _late(deadline_s: float) -> str:
    return f"no verdict within {deadline_s * 1_000:.0f} ms"


@functools.lru_cache(maxsize=256)
def _reads(guard: Asked) -> bool:
    """Tell whether the encoder reads for a guard."""
    if guard.kind != "pii":
        return guard.kind in ENCODER_KINDS
    return not frozenset(MODEL_ENTITIES).isdisjoint(guard.values.get("entities", ()))


def _are_verdicts(answers: Sequence[Answer], pieces: Sequence[Piece]) -> bool:
    return all(_is_verdict(each, piece) for each, piece in zip(answers, pieces, strict=True))


def _is_verdict(answer: Answer, piece: Piece) -> bool:
    """Tell whether what a detector says can be: it may be a model from anywhere."""
    findings = answer.get("findings")
    return isinstance(findings, list) and all(_is_finding(each, len(piece.text)) for each in findings)


def _is_finding(each: Any, length: int) -> bool:
    try:
        start, end, score = each["start"], each["end"], each["score"]
        is_place = type(start) is int and type(end) is int and 0 <= start < end <= length
        return is_place and isinstance(each["entity"], str) and math.isfinite(score) and 0 <= score <= 1
    except (TypeError, KeyError):
        return False
