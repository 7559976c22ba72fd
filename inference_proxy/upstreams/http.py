"""Upstreams across HTTP, through one aiohttp session for all of them."""

import asyncio
from collections.abc import Mapping
from functools import partial

import aiohttp
from yarl import URL

from inference_proxy.settings import PrivateUpstreams
from inference_proxy.snapshot import UpstreamConfig
from inference_proxy.upstreams.addresses import AddressRefusedError, checked_socket
from inference_proxy.upstreams.base import Answer, Call, UpstreamError

MAX_ANSWER_BYTES = 64 * 1024 * 1024
USER_AGENT = "parapet/0.1"


def open_session(*, private: PrivateUpstreams) -> aiohttp.ClientSession:
    """Open the session all upstreams share. Admission bounds the calls, so the pool need not."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            ttl_dns_cache=60,
            keepalive_timeout=45,
            socket_factory=partial(checked_socket, private=private),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        # Compression is not asked for; what comes compressed all the same is undone by aiohttp with a limit.
        headers={"accept-encoding": "identity", "user-agent": USER_AGENT},
        skip_auto_headers=["accept"],
    )


class HttpUpstream:
    """A provider at a base URL."""

    def __init__(self, config: UpstreamConfig, session: aiohttp.ClientSession, *, api_key: str) -> None:
        self._config = config
        self._session = session
        self._base = config.base_url.rstrip("/")
        self._urls: dict[str, URL] = {}
        self._headers = {"content-type": "application/json", **config.headers}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._timeout = aiohttp.ClientTimeout(
            total=config.total_timeout_s, sock_connect=config.connect_timeout_s
        )

    async def send(self, call: Call) -> Answer:
        """Send a call and return its answer once the head has arrived."""
        name = self._config.name
        url = self._urls.get(call.path)
        if url is None:
            url = self._urls[call.path] = URL(self._base + call.path)
        headers = {**call.headers, **self._headers} if call.headers else self._headers
        try:
            response = await self._session.request(
                "POST", url, data=call.body, headers=headers, timeout=self._timeout, allow_redirects=False
            )
        except aiohttp.ServerTimeoutError as error:
            raise UpstreamError("timeout", f"upstream {name!r} accepted no connection in time") from error
        except TimeoutError as error:
            raise UpstreamError("timeout", f"upstream {name!r} did not answer in time") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressRefusedError):
                raise UpstreamError("refused", f"upstream {name!r}: {error.os_error}") from error
            raise UpstreamError("connect", f"upstream {name!r} could not be reached") from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise UpstreamError("interrupted", f"upstream {name!r} broke the connection off") from error
        if 300 <= response.status < 400:
            response.close()
            raise UpstreamError(
                "redirect", f"upstream {name!r} answered with a redirect, which is not followed"
            )
        return HttpAnswer(response, name, idle_timeout_s=self._config.idle_timeout_s)


class HttpAnswer:
    """An answer on its way through a connection."""

    def __init__(self, response: aiohttp.ClientResponse, name: str, *, idle_timeout_s: float) -> None:
        self._response = response
        self._name = name
        self._idle_timeout_s = idle_timeout_s
        self._loop = asyncio.get_running_loop()
        self._last_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_idle = False
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        """Return the whole body."""
        length = self._response.content_length
        if length is not None and length > MAX_ANSWER_BYTES:
            raise self._too_large()
        try:
            if length is not None and "content-encoding" not in self.headers:
                return await self._response.read()
            body = bytearray()
            while data := await self._response.content.readany():
                body += data
                if len(body) > MAX_ANSWER_BYTES:
                    raise self._too_large()
            return bytes(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._broken(error) from error

    async def next_bytes(self) -> bytes:
        """Return what arrived next; b"" at the proper end."""
        try:
            data = await self._response.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._broken(error) from error
        if self._is_idle:
            raise self._broken(None)
        self._last_at = self._loop.time()
        if self._timer is None:
            # Only from the first byte on: models that think are silent before it, not after.
            self._timer = self._loop.call_later(self._idle_timeout_s, self._check_idle)
        return data

    def close(self) -> None:
        """Let go: of a connection that can be used again, or of one in the middle of an answer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    def _check_idle(self) -> None:
        silent_s = self._loop.time() - self._last_at
        if silent_s >= self._idle_timeout_s:
            self._is_idle = True
            self._response.close()
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
