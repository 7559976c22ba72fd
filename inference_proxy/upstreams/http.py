"""Upstreams across HTTP, through one pool of connections for all of them."""

import asyncio
import re
from collections.abc import Mapping

from yarl import URL

from inference_proxy.snapshot import UpstreamConfig
from inference_proxy.upstreams.addresses import AddressRefusedError
from inference_proxy.upstreams.base import Answer, Call, UpstreamError
from inference_proxy.upstreams.connection import BrokenError, Connection
from inference_proxy.upstreams.encoding import EncodingError, Unpacked
from inference_proxy.upstreams.pool import Origin, Pool

MAX_ANSWER_BYTES = 64 * 1024 * 1024
USER_AGENT = "parapet/0.1"
_NOT_IN_A_NAME = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_NOT_IN_A_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "expect", "upgrade", "te"})
"""Headers that say how a request is written, and that nobody else may set."""


class HttpUpstream:
    """A provider at a base URL."""

    def __init__(self, config: UpstreamConfig, pool: Pool, *, api_key: str) -> None:
        self._config = config
        self._pool = pool
        self._headers = {
            "accept-encoding": "identity",
            "user-agent": USER_AGENT,
            "content-type": "application/json",
            **{name.lower(): value for name, value in config.headers.items() if name.lower() not in _OURS},
        }
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._addressed: dict[str, tuple[Origin, bytes]] = {}

    async def send(self, call: Call) -> Answer:
        """Send a call and return its answer once the head has arrived."""
        name = self._config.name
        origin, head = self._addressed.get(call.path) or self._address(call.path)
        head = b"%b%bcontent-length: %d\r\n\r\n" % (head, self._own_headers(call.headers), len(call.body))
        deadline = asyncio.get_running_loop().time() + self._config.total_timeout_s
        connection = self._pool.take(origin)
        if connection is not None:
            try:
                await self._ask(connection, head, call.body, deadline)
            except BrokenError as error:
                if connection.has_heard:
                    raise self._interrupted() from error
                # Its server closed it while it was idle, and the news crossed the call on its way.
                connection = None
        if connection is None:
            connection = await self._connect(origin, deadline)
            try:
                await self._ask(connection, head, call.body, deadline)
            except BrokenError as error:
                raise self._interrupted() from error
        if 300 <= connection.status < 400:
            connection.abort()
            raise UpstreamError(
                "redirect", f"upstream {name!r} answered with a redirect, which is not followed"
            )
        try:
            return HttpAnswer(
                connection, self._pool, origin, name, idle_timeout_s=self._config.idle_timeout_s
            )
        except EncodingError as error:
            connection.abort()
            raise UpstreamError("interrupted", f"upstream {name!r}: {error}") from error

    async def _ask(self, connection: Connection, head: bytes, body: bytes, deadline: float) -> None:
        try:
            connection.send(head, body, deadline=deadline)
            await connection.head()
        except TimeoutError as error:
            raise UpstreamError(
                "timeout", f"upstream {self._config.name!r} did not answer in time"
            ) from error
        except BaseException:
            connection.abort()
            raise

    async def _connect(self, origin: Origin, deadline: float) -> Connection:
        name, now = self._config.name, asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(deadline, now + self._config.connect_timeout_s)):
                return await self._pool.connect(origin)
        except TimeoutError as error:
            raise UpstreamError("timeout", f"upstream {name!r} accepted no connection in time") from error
        except AddressRefusedError as error:
            raise UpstreamError("refused", f"upstream {name!r}: {error}") from error
        except (OSError, RuntimeError, ValueError) as error:
            raise UpstreamError("connect", f"upstream {name!r} could not be reached") from error

    def _address(self, path: str) -> tuple[Origin, bytes]:
        """Work out, once for each path, where a call goes and how its head begins."""
        name = self._config.name
        try:
            url = URL(self._config.base_url.rstrip("/") + path)
        except ValueError as error:
            raise UpstreamError("refused", f"upstream {name!r} has no address that can be read") from error
        if url.scheme not in ("http", "https") or not url.raw_host or url.port is None:
            raise UpstreamError("refused", f"upstream {name!r} has no address that can be called")
        headers = {"host": url.host_port_subcomponent or url.raw_host, **self._headers}
        for field, value in headers.items():
            if _NOT_IN_A_NAME.search(field) or not field or _NOT_IN_A_VALUE.search(value):
                raise UpstreamError("refused", f"upstream {name!r} has a header that cannot be sent")
        lines = [
            f"POST {url.raw_path_qs} HTTP/1.1",
            *(f"{field}: {value}" for field, value in headers.items()),
            "",
        ]
        origin = Origin(url.raw_host, url.port, url.scheme == "https")
        addressed = self._addressed[path] = origin, "\r\n".join(lines).encode()
        return addressed

    def _own_headers(self, headers: Mapping[str, str]) -> bytes:
        lines = [
            f"{name}: {value}\r\n"
            for name, value in headers.items()
            if name not in self._headers
            and name not in _OURS
            and not _NOT_IN_A_NAME.search(name)
            and not _NOT_IN_A_VALUE.search(value)
        ]
        return "".join(lines).encode("latin-1", "replace")

    def _interrupted(self) -> UpstreamError:
        return UpstreamError("interrupted", f"upstream {self._config.name!r} broke the connection off")


class HttpAnswer:
    """An answer on its way through a connection."""

    def __init__(
        self, connection: Connection, pool: Pool, origin: Origin, name: str, *, idle_timeout_s: float
    ) -> None:
        self._connection = connection
        self._pool = pool
        self._origin = origin
        self._name = name
        self._idle_timeout_s = idle_timeout_s
        self._loop = asyncio.get_running_loop()
        self._last_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_idle = self._is_closed = False
        self.status = connection.status
        self.headers: Mapping[str, str] = connection.headers
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        self._unpacked = Unpacked(encoding) if encoding not in ("identity", "") else None

    async def read(self) -> bytes:
        """Return the whole body."""
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_ANSWER_BYTES:
            raise self._too_large()
        try:
            body = await self._connection.read(max_bytes=MAX_ANSWER_BYTES)
            if body is not None and self._unpacked is not None:
                body = self._unpacked.push(body, max_bytes=MAX_ANSWER_BYTES)
                if body is not None:
                    self._unpacked.finish()
        except (BrokenError, TimeoutError, EncodingError) as error:
            raise self._broken(error) from error
        if body is None:
            raise self._too_large()
        return body

    async def next_bytes(self) -> bytes:
        """Return what arrived next; b"" at the proper end."""
        data: bytes | None = b""
        try:
            while not data:
                arrived = data = await self._connection.next_bytes()
                if self._unpacked is not None:
                    data = self._unpacked.push(arrived, max_bytes=MAX_ANSWER_BYTES)
                if not arrived:
                    if self._unpacked is not None:
                        self._unpacked.finish()
                    break
                if data is None:
                    raise self._too_large()
        except (BrokenError, TimeoutError, EncodingError) as error:
            raise self._broken(error) from error
        self._last_at = self._loop.time()
        if self._timer is None:
            # Only from the first byte on: models that think are silent before it, not after.
            self._timer = self._loop.call_later(self._idle_timeout_s, self._check_idle)
        return data or b""

    def close(self) -> None:
        """Let go: of a connection that can be used again, or of one in the middle of an answer."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._is_closed:
            self._is_closed = True
            if self._connection.finish():
                self._pool.put(self._origin, self._connection)

    def _check_idle(self) -> None:
        silent_s = self._loop.time() - self._last_at
        if silent_s >= self._idle_timeout_s:
            self._is_idle = True
            self._connection.abort()
        else:
            self._timer = self._loop.call_later(self._idle_timeout_s - silent_s, self._check_idle)

    def _too_large(self) -> UpstreamError:
        return UpstreamError(
            "too_large", f"upstream {self._name!r} sent an answer larger than {MAX_ANSWER_BYTES} bytes"
        )

    def _broken(self, error: Exception | None) -> UpstreamError:
        if self._is_idle:
            return UpstreamError(
                "timeout", f"upstream {self._name!r} fell silent for {self._idle_timeout_s:g} s"
            )
        if isinstance(error, TimeoutError):
            return UpstreamError("timeout", f"upstream {self._name!r} did not finish its answer in time")
        return UpstreamError("interrupted", f"upstream {self._name!r} broke off in the middle of its answer")
