"""Whether an upstream answers: asks it for its models, as the proxy would reach it."""

import time
from dataclasses import dataclass
from functools import partial
from typing import cast

import aiohttp
import orjson
from asgiref.sync import async_to_sync
from django.conf import settings

from console.gateway.models import Protocol, Upstream
from inference_proxy.sealing import UnsealError, unseal, upstream_binding
from inference_proxy.settings import PrivateUpstreams
from inference_proxy.upstreams.addresses import AddressRefusedError, checked_socket

MAX_BYTES = 2_000_000
TOTAL_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What came of asking."""

    is_ok: bool
    sentence: str
    duration_us: int | None = None
    models: tuple[str, ...] = ()


def probe(upstream: Upstream) -> ProbeAnswer:
    """Ask an upstream for the list of its models and say what came back."""
    if upstream.protocol == Protocol.DEMO:
        return ProbeAnswer(
            is_ok=True, sentence="The demo model answers inside the proxy, without a provider."
        )
    try:
        key = _key_of(upstream)
    except UnsealError:
        return ProbeAnswer(
            is_ok=False, sentence="The stored key belongs to another address or secret: enter it again."
        )
    began = time.monotonic()
    try:
        status, body = async_to_sync(_ask)(upstream, key)
    except AddressRefusedError as error:
        return ProbeAnswer(is_ok=False, sentence=f"{error}.")
    except TimeoutError:
        return ProbeAnswer(is_ok=False, sentence=f"No answer within {TOTAL_S:g} seconds.")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        refusal = _refusal_in(error)
        return ProbeAnswer(is_ok=False, sentence=refusal or f"No connection: {type(error).__name__}.")
    duration_us = int((time.monotonic() - began) * 1_000_000)
    sentence = _in_words(status, has_key=bool(key))
    models = _models_in(body) if status == 200 else ()
    return ProbeAnswer(is_ok=status == 200, sentence=sentence, duration_us=duration_us, models=models)


async def _ask(upstream: Upstream, key: str) -> tuple[int, bytes]:
    headers = dict(upstream.headers)
    path = "/models"
    if upstream.protocol == Protocol.ANTHROPIC:
        path, headers["anthropic-version"] = "/v1/models", "2023-06-01"
        headers |= {"x-api-key": key} if key else {}
    elif key:
        headers["authorization"] = f"Bearer {key}"
    connector = aiohttp.TCPConnector(
        socket_factory=partial(
            checked_socket, private=cast(PrivateUpstreams, settings.ALLOW_PRIVATE_UPSTREAMS)
        )
    )
    timeout = aiohttp.ClientTimeout(total=TOTAL_S, connect=upstream.connect_timeout_s)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session,
        session.get(upstream.base_url + path, headers=headers, allow_redirects=False) as answer,
    ):
        body = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            body += chunk
            if len(body) > MAX_BYTES:
                break
        return answer.status, bytes(body)


def _in_words(status: int, *, has_key: bool) -> str:
    if status == 200:
        return "It answers."
    if status in (401, 403):
        refused = "refuses the key" if has_key else "wants a key"
        return f"It is there, but {refused} (HTTP {status})."
    if status == 404:
        return "It is there, but has no list of models below this address (HTTP 404); check the path."
    if 300 <= status < 400:
        return f"It redirects elsewhere (HTTP {status}); redirects are not followed. Enter the final address."
    return f"It answers with HTTP {status}."


def _models_in(body: bytes) -> tuple[str, ...]:
    try:
        listed = orjson.loads(body)["data"]
        return tuple(sorted(str(one["id"]) for one in listed))
    except (ValueError, KeyError, TypeError):
        return ()


def _refusal_in(error: BaseException) -> str:
    """Return the sentence of a refused address that a client library wrapped in its own error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressRefusedError):
            return f"{cause}."
        cause = cause.__cause__ or cause.__context__
    return ""


def _key_of(upstream: Upstream) -> str:
    if not upstream.sealed_api_key:
        return ""
    return unseal(
        upstream.sealed_api_key,
        secret_key=settings.PARAPET_SECRET_KEY,
        bound_to=upstream_binding(upstream.id, upstream.base_url),
    )
