"""What comes in through HTTP, read once, and what is answered when it cannot be served."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from guardrails.policy import PolicyError
from guardrails.server.known import check_guard
from guardrails.server.pieces import Asked, Piece, asked

LONGEST_BODY = 4 << 20
LONGEST_TEXT = 100_000
MOST_TEXTS = 1_024
DEFAULT_DEADLINE_MS = 5_000
DEFAULT_DEADLINE_OF_DOORS_MS = 25_000
"""Of those doors behind which programs wait for an answer, and no other call of theirs."""
LONGEST_DEADLINE_MS = 60_000
BODY_WITHIN_S = 10.0
"""A request that is sent more slowly is not waited for."""
_ERRORS = {"bad_guard": 400, "no_model": 501, "timeout": 504, "overloaded": 503}

Result = TypeVar("Result")
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class RefusedError(Exception):
    """A request that is answered with an error; the message is for the person who sent it."""

    def __init__(self, status: int, kind: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.param = param

    def as_json(self) -> bytes:
        """Return the error as OpenAI's clients read it, too."""
        said = {"type": self.kind, "message": str(self), "param": self.param, "code": self.kind}
        return orjson.dumps({"error": said})


def refusal(error: Mapping[str, Any]) -> RefusedError:
    """Turn what a guard says in place of findings into the answer to a request."""
    kind = error["type"]
    return RefusedError(_ERRORS.get(kind, 500), kind, error["message"])


def bad(message: str, *, param: str | None = None) -> RefusedError:
    """Say that a request cannot be understood."""
    return RefusedError(400, "bad_request", message, param=param)


@dataclass(frozen=True, slots=True)
class Check:
    """One guard and the texts it is to look at; or what is wrong with the guard."""

    guard: Asked
    pieces: Sequence[Piece]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """A request for verdicts."""

    checks: Sequence[Check]
    deadline_s: float
    is_apart: bool
    """True when the failure of one guard shall not fail the others."""


async def body_of(receive: Receive, *, within_s: float = BODY_WITHIN_S) -> bytes:
    """Return a request's body, if it is not too long and not too long in coming."""
    try:
        async with asyncio.timeout(within_s):
            return await _body_of(receive)
    except TimeoutError:
        raise RefusedError(408, "too_slow", f"the request was not sent within {within_s:g} s") from None


async def while_heard(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what comes of the work for a request whose body was read, unless nobody is there any more to hear it."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise _gone()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        await asyncio.sleep(0)


def _gone() -> RefusedError:
    return RefusedError(499, "disconnected", "whoever sent the request is gone")


async def _body_of(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _gone()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LONGEST_BODY:
            raise RefusedError(413, "too_large", f"a request may have {LONGEST_BODY} bytes; send fewer texts")
        if not message.get("more_body"):
            return b"".join(parts)


def object_of(body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad("the body is not JSON") from None
    if not isinstance(request, dict):
        raise bad("the body must be an object")
    return request


def read_checks(body: bytes) -> Checks:
    """Read a request for verdicts."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad("the body is not JSON") from None
    if not isinstance(request, dict) or not isinstance(request.get("checks"), list) or not request["checks"]:
        raise bad("the body must be an object with a list 'checks'")
    is_apart = request.get("apart", False)
    if not isinstance(is_apart, bool):
        raise bad("'apart' must be true or false", param="apart")
    checks = [_check(each, is_apart) for each in request["checks"]]
    if sum(len(check.pieces) for check in checks) > MOST_TEXTS:
        raise RefusedError(413, "too_large", f"a request may hold {MOST_TEXTS} texts; send fewer")
    return Checks(checks, deadline_of(request, default_ms=DEFAULT_DEADLINE_MS), is_apart)


def deadline_of(request: Mapping[str, Any], *, default_ms: int = DEFAULT_DEADLINE_OF_DOORS_MS) -> float:
    """Return the seconds that a request may take."""
    deadline_ms = request.get("deadline_ms", default_ms)
    if type(deadline_ms) is not int or not 1 <= deadline_ms <= LONGEST_DEADLINE_MS:
        raise bad(
            f"'deadline_ms' must be a whole number from 1 to {LONGEST_DEADLINE_MS}", param="deadline_ms"
        )
    return deadline_ms / 1_000


def checked_texts(texts: Sequence[Any], *, param: str) -> Sequence[str]:
    """Return texts that are texts, and not too long or too many."""
    if not all(isinstance(text, str) for text in texts):
        raise bad(f"'{param}' must hold only texts", param=param)
    if len(texts) > MOST_TEXTS:
        raise RefusedError(
            413, "too_large", f"a request may hold {MOST_TEXTS} texts; send fewer", param=param
        )
    for text in texts:
        _check_length(text)
    return texts


def _check(check: Any, is_apart: bool) -> Check:
    guard = check.get("guard") if isinstance(check, dict) else None
    texts = check.get("texts") if isinstance(check, dict) else None
    if not isinstance(guard, dict) or not isinstance(texts, list):
        raise bad("a check is an object with 'guard' and a list 'texts'")
    kind, parameters = guard.get("kind"), guard.get("parameters", {})
    if not isinstance(kind, str) or not isinstance(parameters, dict):
        raise bad("a guard is an object with 'kind' and 'parameters'")
    pieces = [_piece(text) for text in texts]
    try:
        check_guard(kind, parameters)
    except PolicyError as error:
        if not is_apart:
            raise RefusedError(400, "bad_guard", str(error)) from error
        # Nobody will be asked, and what is wrong with the parameters may be that they cannot be written down.
        return Check(asked(kind, {}), pieces, str(error))
    return Check(asked(kind, parameters), pieces)


def _piece(given: Any) -> Piece:
    if isinstance(given, str):
        _check_length(given)
        return Piece(given)
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        raise bad("'texts' must hold only texts, or objects with a 'text'")
    text, task, context = given["text"], given.get("task", ""), given.get("context", "")
    if not isinstance(task, str) or not isinstance(context, str):
        raise bad("the 'task' and the 'context' of a text must be texts")
    for each in (text, task, context):
        _check_length(each)
    return Piece(text, task, context)


def _check_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise RefusedError(
            413, "too_large", f"a text may have {LONGEST_TEXT} characters; cut it into windows"
        )
