"""The receiver: OTLP/HTTP in, durable records out, and no answer before they are durable."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ingest.formats.spans import Origin
from ingest.formats.values import tags
from ingest.formats.wire import UnreadableRequestError
from ingest.keys import KeyGrant
from ingest.receiver import body as bodies
from ingest.receiver.batch import Batch, encode_all, read_batch, whereabouts
from ingest.receiver.credentials import grant_of
from ingest.receiver.intake import Intake, Spool, UnavailableError
from ingest.receiver.replies import Form, RefusedError, accepted, not_now, refused, reply
from ingest.records import Record
from ingest.spool import SpoolError, SpoolFullError

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, bodies.Receive, Send], Awaitable[None]]

PATHS = ("/v1/traces", "/otel/v1/traces", "/api/public/otel/v1/traces")
"""Ours, and those that exporters configured for other collectors use."""

MOST_DISCARDED_BYTES = 256 * 1024 * 1024
DISCARD_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one request, and all of them together, may ask for."""

    max_body_bytes: int = 20 * 1024 * 1024
    """On the wire and unpacked."""
    body_deadline_s: float = 30.0
    max_held_bytes: int = 256 * 1024 * 1024
    """Bodies being worked on at the same time; beyond it senders are asked to wait."""
    inline_bytes: int = 256 * 1024
    """Larger bodies are worked on in a thread, so that small ones need not wait for them."""
    inline_packed_bytes: int = 16 * 1024


def build(
    *,
    intake: Callable[[], Intake | None],
    spool: Spool,
    pepper: bytes,
    limits: Limits | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> App:
    """Return the ASGI app. `intake` gives the rules in force, or None while there are none yet."""
    return _Receiver(intake, spool, pepper, limits or Limits(), now_ns)


class _Receiver:
    def __init__(
        self,
        intake: Callable[[], Intake | None],
        spool: Spool,
        pepper: bytes,
        limits: Limits,
        now_ns: Callable[[], int],
    ) -> None:
        self._intake = intake
        self._spool = spool
        self._pepper = pepper
        self._limits = limits
        self._now_ns = now_ns
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: bodies.Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the receiver answers HTTP only, not {scope['type']}")
        headers = dict(scope["headers"])
        if scope["path"] == "/health":
            await self._health(send)
            return
        form = _form_of(headers)
        incoming = bodies.Incoming(receive)
        try:
            batch = await self._take(scope, headers, incoming, form)
        except RefusedError as error:
            if error.status != 408:
                await incoming.discard(max_bytes=MOST_DISCARDED_BYTES, deadline_s=DISCARD_DEADLINE_S)
            await refused(send, form or "json", error)
        except bodies.DisconnectedError:
            log.debug("a sender went away before its request was whole")
        except Exception as error:  # noqa: BLE001 - the edge of the process
            log.error("a request failed in a way nobody foresaw: %s", whereabouts(error))
            await refused(send, form or "json", RefusedError(500, "the receiver failed; its log says how"))
        else:
            await accepted(send, form or "json", batch.rejections)

    async def _take(
        self, scope: Scope, headers: dict[bytes, bytes], receive: bodies.Receive, form: Form | None
    ) -> Batch:
        """The whole way of a request: who sends, read, understand, prepare, make durable."""
        if scope["path"] not in PATHS:
            raise RefusedError(404, f"nothing is received at this path; send traces to {PATHS[0]}")
        if scope["method"] != "POST":
            raise RefusedError(
                405, f"send traces with POST, not {scope['method'][:16]}", [(b"allow", b"POST")]
            )
        intake = self._intake()
        if intake is None:
            raise not_now(
                503, "the receiver has not learned its keys yet; try again shortly", retry_after_s=2
            )
        now_ns = self._now_ns()
        grant = self._admit(headers, intake, now_ns)
        encoding = _encoding_of(headers)
        if form is None:
            raise RefusedError(415, "Content-Type must be application/x-protobuf or application/json")
        size = self._reserve(headers)
        try:
            packed = await self._read(receive)
            batch = await self._understand(
                packed, encoding=encoding, form=form, origin=_origin(headers, grant), now_ns=now_ns
            )
            await self._store(intake, grant, batch, is_large=len(packed) > self._limits.inline_bytes)
        finally:
            self._held_bytes -= size
        return batch

    def _admit(self, headers: dict[bytes, bytes], intake: Intake, now_ns: int) -> KeyGrant:
        now = datetime.fromtimestamp(now_ns / 1e9, tz=UTC)
        grant = grant_of(headers, intake.keys, pepper=self._pepper, now=now)
        if grant is None:
            raise RefusedError(
                401,
                "no valid API key; send one as 'Authorization: Bearer pk_…', as the password of Basic,"
                " or as x-api-key",
                [(b"www-authenticate", b'Bearer realm="parapet", Basic realm="parapet"')],
            )
        if "ingest" not in grant.scopes:
            raise RefusedError(
                403, f"the API key {grant.name!r} may not send traces; it lacks the scope 'ingest'"
            )
        return grant

    def _reserve(self, headers: dict[bytes, bytes]) -> int:
        """Set room aside for a body; one of unknown size is taken to be as large as may be."""
        largest = self._limits.max_body_bytes
        declared = headers.get(b"content-length", b"")
        size = int(declared) if declared.isdigit() and len(declared) < 20 else largest
        if size > largest:
            raise self._too_large()
        if b"content-encoding" in headers:
            size = min(largest, size * 10)
        if self._held_bytes + size > self._limits.max_held_bytes:
            raise not_now(429, "too much is being received at once; try again shortly", retry_after_s=1)
        self._held_bytes += size
        return size

    async def _read(self, receive: bodies.Receive) -> bytes:
        try:
            return await bodies.read_body(
                receive, max_bytes=self._limits.max_body_bytes, deadline_s=self._limits.body_deadline_s
            )
        except bodies.TooLargeError:
            raise self._too_large() from None
        except bodies.TooSlowError:
            seconds = self._limits.body_deadline_s
            raise RefusedError(408, f"the body did not arrive within {seconds:g} seconds") from None

    async def _understand(
        self, packed: bytes, *, encoding: bytes, form: Form, origin: Origin, now_ns: int
    ) -> Batch:
        work = partial(
            read_batch,
            packed,
            encoding=encoding,
            form=form,
            origin=origin,
            max_bytes=self._limits.max_body_bytes,
            now_ns=now_ns,
        )
        inline = self._limits.inline_packed_bytes if encoding else self._limits.inline_bytes
        try:
            return work() if len(packed) <= inline else await asyncio.to_thread(work)
        except bodies.TooLargeError:
            raise self._too_large() from None
        except (bodies.UnpackError, UnreadableRequestError) as error:
            raise RefusedError(400, str(error)) from None

    async def _store(self, intake: Intake, grant: KeyGrant, batch: Batch, *, is_large: bool) -> None:
        if not batch.spans:
            return
        try:
            records = await intake.prepare(grant, batch.spans)
            payloads, rejections = await self._encode(records, is_large=is_large)
            batch.rejections.extend(rejections)
            # Given up while they are still in the processor's cache, and not held by all who wait for the disk.
            batch.spans.clear()
            del records
            await self._spool.append(payloads)
        except UnavailableError as error:
            raise not_now(503, str(error), retry_after_s=error.retry_after_s) from None
        except SpoolFullError as error:
            log.warning("spans were turned away: %s", error)
            raise not_now(503, "no room to store spans now; keep them and retry", retry_after_s=10) from None
        except SpoolError as error:
            log.error("spans were turned away: %s", error)
            raise not_now(503, "the disk refused the spans; keep them and retry", retry_after_s=10) from None

    async def _encode(self, records: Sequence[Record], *, is_large: bool) -> Any:
        return await asyncio.to_thread(encode_all, records) if is_large else encode_all(records)

    def _too_large(self) -> RefusedError:
        largest = self._limits.max_body_bytes // 1024 // 1024
        return RefusedError(
            413, f"the body is larger than {largest} MiB, packed or unpacked; send smaller batches"
        )

    async def _health(self, send: Send) -> None:
        if self._intake() is None:
            await reply(send, 503, b"application/json", b'{"status":"waiting for keys"}')
        else:
            await reply(send, 200, b"application/json", b'{"status":"ok"}')


def _form_of(headers: dict[bytes, bytes]) -> Form | None:
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type in (b"application/x-protobuf", b"application/protobuf"):
        return "protobuf"
    return "json" if media_type == b"application/json" else None


def _encoding_of(headers: dict[bytes, bytes]) -> bytes:
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in (b"", b"identity"):
        return b""
    if encoding not in bodies.WINDOW_BITS:
        raise RefusedError(
            415, "Content-Encoding must be gzip, deflate or absent", [(b"accept-encoding", b"gzip, deflate")]
        )
    return encoding


def _origin(headers: dict[bytes, bytes], grant: KeyGrant) -> Origin:
    """Return what the key and the request's own headers say about its spans."""
    said = {
        name[10:]: value.decode("utf-8", "replace").strip()
        for name, value in headers.items()
        if name.startswith(b"x-parapet-")
    }
    if not said:
        return Origin(project_id=grant.project_id, api_key_id=grant.id, environment=grant.environment)
    prompt, _, version = said.get(b"prompt", "").partition("@")
    return Origin(
        project_id=grant.project_id,
        api_key_id=grant.id,
        environment=said.get(b"environment", "") or grant.environment,
        session_id=said.get(b"session", ""),
        user_id=said.get(b"user", ""),
        feature=said.get(b"feature", ""),
        prompt_name=prompt,
        prompt_version=version,
        tags=tags(said.get(b"tags", "")),
    )
