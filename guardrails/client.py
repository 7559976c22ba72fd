"""Asks the guard server, within a deadline, and remembers what it said."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import aiohttp
import orjson

from guardrails.batches import Batches, Findings, Question, question
from guardrails.registry import RemoteGuard
from guardrails.server.pieces import Piece
from guardrails.verdict import Failure, Finding

CONNECTIONS = 32
REMEMBERED = 50_000
LONGEST_TEXT = 100_000
"""The guard server takes no longer one."""
_LONGEST_ANSWER = 16 << 20


class GuardServer:
    """The guard server, seen from a process that asks it. One pool of connections and one memory of verdicts.

    A text that was judged is not sent again: of a long history only the last message is new. What several guards want to
    know at the same time travels in one request, so that the encoder reads a text once for all of them.
    """

    def __init__(self, url: str, *, token: str = "", remembered: int = REMEMBERED) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._http: aiohttp.ClientSession | None = None
        self._verdicts = _Memory(remembered)
        self._lanes: dict[str, Batches] = {}

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Findings] | Failure:
        """Return the findings in each text, or why there are none to be had. Never raises for the server's faults."""
        parts = {text: _parts(guard, text) for text in texts}
        asked = [part for of_text in parts.values() for part in of_text]
        known = {each: self._verdicts.get(each) for each in dict.fromkeys(asked)}
        unknown = [each for each, findings in known.items() if findings is None]
        if unknown:
            lane = getattr(guard, "lane", "")
            if lane not in self._lanes:
                self._lanes[lane] = Batches(self._ask)
            answer = await self._lanes[lane].judge(unknown, deadline_s)
            if isinstance(answer, Failure):
                return answer
            for each, findings in answer.items():
                known[each] = findings
                self._verdicts.put(each, findings)
        return [_joined([known[part] or () for part in parts[text]]) for text in texts]

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send a request to another of the server's doors; return status and body. Raises ClientError and OSError."""
        return await self._post(path, body)

    async def close(self) -> None:
        """End what is under way and close the connections."""
        for batches in self._lanes.values():
            await batches.close()
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _ask(
        self, questions: Sequence[Question], deadline_s: float
    ) -> Mapping[Question, Findings | Failure] | Failure:
        by_guard: dict[str, list[Question]] = {}
        for each in questions:
            by_guard.setdefault(each.fingerprint, []).append(each)
        body = orjson.dumps(
            {
                "checks": [_check(group) for group in by_guard.values()],
                "deadline_ms": max(1, int(deadline_s * 1_000)),
                "apart": True,
            }
        )
        try:
            status, answer = await self._post("/v1/guard", body)
        except (aiohttp.ClientError, OSError) as error:
            return Failure(error="unreachable", reason=type(error).__name__)
        if status != 200:
            return _refusal(status)
        try:
            return _verdicts(answer, list(by_guard.values()))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return Failure(error="bad_answer", reason="the guard server's answer could not be understood")

    async def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            return await self._post_once(path, body)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            # The server closed a connection that was idle, or was just restarted. Asking twice changes nothing.
            return await self._post_once(path, body)

    async def _post_once(self, path: str, body: bytes) -> tuple[int, bytes]:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=None),
                # Nothing packed is asked for, and nothing is unpacked: a little of it may become more than there is memory.
                headers={"content-type": "application/json", "accept-encoding": "identity"}
                | ({"authorization": f"Bearer {self._token}"} if self._token else {}),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        async with self._http.post(self._url + path, data=body, allow_redirects=False) as response:
            answer = await response.content.read(_LONGEST_ANSWER)
            while not response.content.at_eof():
                if len(answer) >= _LONGEST_ANSWER:
                    response.close()
                    return response.status, b""
                answer += await response.content.read(_LONGEST_ANSWER - len(answer))
            return response.status, answer


class _Memory:
    """The newest verdicts, by guard and by a hash of the text: the texts themselves are not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._verdicts: OrderedDict[bytes, Findings] = OrderedDict()

    def get(self, question: Question) -> Findings | None:
        key = _hash(question)
        findings = self._verdicts.get(key)
        if findings is not None:
            self._verdicts.move_to_end(key)
        return findings

    def put(self, question: Question, findings: Findings) -> None:
        self._verdicts[_hash(question)] = findings
        while len(self._verdicts) > self._size:
            self._verdicts.popitem(last=False)


def _hash(question: Question) -> bytes:
    digest = hashlib.blake2b(question.fingerprint.encode(), digest_size=16)
    for part in (question.text, *(text for pair in question.beside for text in pair)):
        data = part.encode()
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()


def _parts(guard: RemoteGuard, text: str) -> list[Question]:
    """Put one question for a text, or several for one that is longer than the server takes."""
    if len(text) <= LONGEST_TEXT:
        return [question(guard, text)]
    return [
        question(guard, text[first : first + LONGEST_TEXT]) for first in range(0, len(text), LONGEST_TEXT)
    ]


def _joined(parts: Sequence[Findings]) -> Findings:
    if len(parts) == 1:
        return parts[0]
    return tuple(
        each._replace(start=each.start + LONGEST_TEXT * number, end=each.end + LONGEST_TEXT * number)
        for number, findings in enumerate(parts)
        for each in findings
    )


def _check(questions: Sequence[Question]) -> Mapping[str, Any]:
    guard = questions[0].guard
    texts = [{"text": each.text, **dict(each.beside)} if each.beside else each.text for each in questions]
    return {"guard": {"kind": guard.kind, "parameters": guard.parameters}, "texts": texts}


def _refusal(status: int) -> Failure:
    if status in (429, 503):
        return Failure(error="overloaded", reason=f"the guard server answered {status}")
    if status in (408, 504):
        return Failure(error="timeout", reason=f"the guard server answered {status}")
    if 400 <= status < 500:
        return Failure(error="misconfigured", reason=f"the guard server answered {status}")
    return Failure(error="crashed", reason=f"the guard server answered {status}")


_APART: Mapping[str, Literal["misconfigured", "crashed", "timeout", "overloaded"]] = {
    "bad_guard": "misconfigured",
    "no_model": "misconfigured",
    "detector_failed": "crashed",
    "model_failed": "crashed",
    "timeout": "timeout",
    "overloaded": "overloaded",
}


def _verdicts(answer: bytes, groups: Sequence[Sequence[Question]]) -> Mapping[Question, Findings | Failure]:
    found: dict[Question, Findings | Failure] = {}
    for questions, verdicts in zip(groups, orjson.loads(answer)["verdicts"], strict=True):
        if isinstance(verdicts, dict):
            kind = verdicts["error"]["type"]
            failure = Failure(error=_APART[kind], reason=f"the guard server answered {kind}")
            found.update(dict.fromkeys(questions, failure))
            continue
        for each, verdict in zip(questions, verdicts, strict=True):
            if verdict["seen"] != Piece(each.text, **dict(each.beside)).mark:
                raise ValueError("the answer to another text")
            found[each] = tuple(_finding(fields, len(each.text)) for fields in verdict["findings"])
    return found


def _finding(fields: Mapping[str, Any], length: int) -> Finding:
    entity, start, end, score = fields["entity"], fields["start"], fields["end"], fields["score"]
    is_entity = isinstance(entity, str) and entity.replace("_", "").isalnum() and len(entity) <= 64
    if not is_entity or type(start) is not int or type(end) is not int or not 0 <= start < end <= length:
        raise ValueError("a finding that cannot be")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise ValueError("a score that is none")
    return Finding(entity=entity, start=start, end=end, score=float(score))
