"""What stands for which value in a conversation: kept in Redis between its calls, encrypted, for as long as its policy says.

The value of a Redis key is a version byte, a nonce of 12 bytes, and AES-256-GCM of the entries as JSON. The key of the cipher
is derived from the installation's secret; project and conversation are bound to it as associated data, so that what was copied
to another key does not open. The conversation's own name is not in Redis either, only its keyed hash.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guardrails.redaction import Entry, entries_from
from inference_proxy.redis_line import RedisGoneError, RedisLine, RedisReplyError, packed

logger = logging.getLogger(__name__)
TIMEOUT_S = 0.25
"""A call waits no longer for Redis; it is masked by itself then."""
PREFIX = "parapet:conversation:"
MOST_ENTRIES = 1_000
MOST_BYTES = 64 * 1024
"""Of the entries of one conversation; the oldest go first."""
_ATTEMPTS = 3
_VERSION = b"\x01"
_TROUBLE = (RedisGoneError, RedisReplyError, TimeoutError, OSError)
_PUT_IF_UNCHANGED = """
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class ForgottenError(Exception):
    """What a conversation kept cannot be had now."""


class Conversations:
    """The way to what conversations keep."""

    def __init__(self, url: str, *, pepper: bytes) -> None:
        self._line = RedisLine(url, timeout_s=TIMEOUT_S, on_lost=self._lost)
        self._pepper = pepper
        self._keeping: set[asyncio.Task[None]] = set()
        self.failures = 0
        """How often Redis could not be asked or told."""

    async def recall(self, project_id: UUID, conversation: str) -> list[Entry]:
        """Return what a conversation kept; nothing for a new one. Raises ForgottenError when that cannot be known."""
        try:
            return self._opened(project_id, conversation, await self._read(project_id, conversation))
        except (*_TROUBLE, InvalidTag, ValueError) as error:
            self._lost(error)
            raise ForgottenError from error

    def keep(self, project_id: UUID, conversation: str, entries: Sequence[Entry], *, ttl_s: int) -> None:
        """Keep what a call added, in a task of its own: nobody waits for it."""
        task = asyncio.create_task(self._keep(project_id, conversation, list(entries), ttl_s))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def close(self) -> None:
        """Keep what is still to be kept, and end the connection."""
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=1)
        await self._line.close()

    async def _keep(self, project_id: UUID, conversation: str, entries: list[Entry], ttl_s: int) -> None:
        key = key_of(project_id, conversation, pepper=self._pepper)
        try:
            for _ in range(_ATTEMPTS):
                there = await self._read(project_id, conversation)
                merged = _merged(self._opened(project_id, conversation, there), entries)
                sealed = self._sealed(project_id, conversation, merged)
                put = packed("EVAL", _PUT_IF_UNCHANGED, 1, key, there or b"", sealed, ttl_s)
                if await self._line.ask(put):
                    return
        except (*_TROUBLE, InvalidTag, ValueError) as error:
            self._lost(error)

    async def _read(self, project_id: UUID, conversation: str) -> bytes | None:
        found = await self._line.ask(packed("GET", key_of(project_id, conversation, pepper=self._pepper)))
        return found if isinstance(found, bytes) else None

    def _sealed(self, project_id: UUID, conversation: str, entries: Sequence[Entry]) -> bytes:
        kept = list(entries[-MOST_ENTRIES:])
        while len(plain := orjson.dumps([list(each) for each in kept])) > MOST_BYTES:
            del kept[: max(1, len(kept) // 8)]
        nonce = secrets.token_bytes(12)
        return _VERSION + nonce + AESGCM(self._key).encrypt(nonce, plain, _bound(project_id, conversation))

    def _opened(self, project_id: UUID, conversation: str, sealed: bytes | None) -> list[Entry]:
        if sealed is None:
            return []
        if sealed[:1] != _VERSION:
            raise ValueError("an unknown version")
        plain = AESGCM(self._key).decrypt(sealed[1:13], sealed[13:], _bound(project_id, conversation))
        return entries_from(orjson.loads(plain))

    @property
    def _key(self) -> bytes:
        return hmac.new(self._pepper, b"parapet conversations", hashlib.sha256).digest()

    def _lost(self, error: Exception) -> None:
        if self.failures == 0:
            logger.warning(
                "conversations cannot be kept in Redis (%s); each call is masked by itself",
                type(error).__name__,
            )
        self.failures += 1


def key_of(project_id: UUID, conversation: str, *, pepper: bytes) -> str:
    """Return the Redis key of a conversation; who deletes it makes the conversation forget."""
    name = conversation.encode("utf-8", "surrogatepass")
    mac = hmac.new(pepper, b"conversation:" + project_id.bytes + name, hashlib.sha256)
    return f"{PREFIX}{project_id}:{mac.hexdigest()[:32]}"


def _bound(project_id: UUID, conversation: str) -> bytes:
    return b"conversation v1:" + project_id.bytes + conversation.encode("utf-8", "surrogatepass")


def _merged(there: Sequence[Entry], new: Sequence[Entry]) -> list[Entry]:
    """Add what is new. Of two calls at once that gave one stand-in to two values, the first keeps it."""
    values = {(each.entity, each.value, each.style) for each in there}
    stand_ins = {each.stand_in for each in there}
    return [
        *there,
        *(
            each
            for each in new
            if each.comes_back
            and (each.entity, each.value, each.style) not in values
            and each.stand_in not in stand_ins
        ),
    ]
