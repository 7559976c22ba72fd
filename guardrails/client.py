"""Asks the guard server, within a deadline, and remembers what it said."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import orjson

from guardrails.batches import Batches, Findings
from guardrails.registry import RemoteGuard
from guardrails.verdict import Failure, Finding

CONNECTIONS = 32
REMEMBERED = 50_000
_LONGEST_ANSWER = 16 << 20


class GuardServer:
    """The guard server, seen from a process that asks it. One pool of connections and one memory of verdicts.

    A text that was judged is not sent again: of a long history only the last message is new.
    """

    def __init__(self, url: str, *, remembered: int = REMEMBERED) -> None:
        self._url = f"{url.rstrip('/')}/v1/guard"
        self._http: aiohttp.ClientSession | None = None
        self._verdicts = _Memory(remembered)
        self._batches: dict[str, Batches] = {}

    async def detect(
        self, guard: RemoteGuard, texts: Sequence[str], *, deadline_s: float
    ) -> Sequence[Findings] | Failure:
        """Return the findings in each text, or why there are none to be had. Never raises for the server's faults."""
        known = {text: self._verdicts.get(guard.fingerprint, text) for text in dict.fromkeys(texts)}
        unknown = [text for text, findings in known.items() if findings is None]
        if unknown:
            batches = self._batches.get(guard.fingerprint)
            if batches is None:
                batches = self._batches[guard.fingerprint] = Batches(guard, self._ask)
            answer = await batches.judge(unknown, deadline_s)
            if isinstance(answer, Failure):
                return answer
            for text, findings in answer.items():
                known[text] = findings
                self._verdicts.put(guard.fingerprint, text, findings)
        return [known[text] or () for text in texts]

    async def close(self) -> None:
        """End what is under way and close the connections."""
        for batches in self._batches.values():
            await batches.close()
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _ask(
        self, guard: RemoteGuard, texts: Sequence[str], deadline_s: float
    ) -> Mapping[str, Findings] | Failure:
        body = orjson.dumps(
            {
                "checks": [
                    {
                        "guard": {"kind": guard.kind, "parameters": guard.parameters},
                        "texts": texts,
                    }
                ],
                "deadline_ms": max(1, int(deadline_s * 1_000)),
            }
        )
        try:
            status, answer = await self._post(body)
        except (aiohttp.ClientError, OSError) as error:
            return Failure(error="unreachable", reason=type(error).__name__)
        if status != 200:
            return _refusal(status)
        try:
            return _verdicts(answer, texts)
        except (ValueError, KeyError, TypeError, IndexError):
            return Failure(error="bad_answer", reason="the guard server's answer could not be understood")

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        try:
            return await self._post_once(body)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            # The server closed a connection that was idle, or was just restarted. Asking twice changes nothing.
            return await self._post_once(body)

    async def _post_once(self, body: bytes) -> tuple[int, bytes]:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"content-type": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        async with self._http.post(self._url, data=body, allow_redirects=False) as response:
            answer = await response.content.read(_LONGEST_ANSWER) if response.status == 200 else b""
            while response.status == 200 and not response.content.at_eof():
                if len(answer) >= _LONGEST_ANSWER:
                    return response.status, b""
                answer += await response.content.read(_LONGEST_ANSWER - len(answer))
            return response.status, answer


class _Memory:
    """The newest verdicts, by guard and by a hash of the text: the texts themselves are not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._verdicts: OrderedDict[tuple[str, bytes], Findings] = OrderedDict()

    def get(self, fingerprint: str, text: str) -> Findings | None:
        key = fingerprint, _hash(text)
        findings = self._verdicts.get(key)
        if findings is not None:
            self._verdicts.move_to_end(key)
        return findings

    def put(self, fingerprint: str, text: str, findings: Findings) -> None:
        self._verdicts[fingerprint, _hash(text)] = findings
        while len(self._verdicts) > self._size:
            self._verdicts.popitem(last=False)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _refusal(status: int) -> Failure:
    if status in (429, 503):
        return Failure(error="overloaded", reason=f"the guard server answered {status}")
    if status in (408, 504):
        return Failure(error="timeout", reason=f"the guard server answered {status}")
    if 400 <= status < 500:
        return Failure(error="misconfigured", reason=f"the guard server answered {status}")
    return Failure(error="crashed", reason=f"the guard server answered {status}")


def _verdicts(answer: bytes, texts: Sequence[str]) -> Mapping[str, Findings]:
    (verdicts,) = orjson.loads(answer)["verdicts"]
    return {
        text: tuple(_finding(each, len(text)) for each in verdict["findings"])
        for text, verdict in zip(texts, verdicts, strict=True)
    }


def _finding(fields: Mapping[str, Any], length: int) -> Finding:
    entity, start, end, score = fields["entity"], fields["start"], fields["end"], fields["score"]
    is_entity = isinstance(entity, str) and entity.replace("_", "").isalnum() and len(entity) <= 64
    if not is_entity or type(start) is not int or type(end) is not int or not 0 <= start < end <= length:
        raise ValueError("a finding that cannot be")
    return Finding(entity=entity, start=start, end=end, score=float(score))
