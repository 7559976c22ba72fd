"""Models behind addresses that the operator has named, asked over HTTP."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from guardrails.addresses import AddressRefusedError, PrivateAddresses, check
from guardrails.policy import PolicyError
from guardrails.registry import KINDS
from guardrails.server.dialects import UnreadableError, dialect_of
from guardrails.server.models import Endpoint, Model
from guardrails.server.pieces import Answer, Asked, Piece, failed

LONGEST_ANSWER = 1 << 20
CONNECT_S = 5.0
_TYPES_OF = {"moderation_model": ("llama_guard", "shieldgemma", "openai_moderation"), "judge": ("judge",)}


class FarModels:
    """Asks models far away, so many calls at once for each, and turns what they say into findings."""

    def __init__(self, models: Mapping[str, Model], *, private: PrivateAddresses) -> None:
        self._models = {name: model for name, model in models.items() if isinstance(model, Endpoint)}
        self._private: PrivateAddresses = private
        self._http: aiohttp.ClientSession | None = None
        self._slots = {name: asyncio.Semaphore(model.at_once) for name, model in self._models.items()}

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def model(self, kind: str, name: str) -> Endpoint:
        """Return the model a policy names. Raises PolicyError."""
        types = _TYPES_OF[kind]
        model = self._models.get(name.strip())
        if model is None or model.type not in types:
            known = sorted(each.name for each in self._models.values() if each.type in types)
            raise PolicyError(
                f"no model {name[:64]!r} is configured for {kind} guards; known: {known}; "
                "the file PARAPET_GUARD_MODELS names them"
            )
        return model

    async def look(self, guard: Asked, piece: Piece) -> Answer:
        """Return the findings of a guard in a text, or why there are none to be had. Never raises for what is far away."""
        try:
            parameters = KINDS[guard.kind].build(guard.values).parameters
            model = self.model(guard.kind, parameters["model"])
        except PolicyError as error:
            return failed("bad_guard", str(error))
        try:
            dialect = dialect_of(model)
            calls = dialect.calls(piece, parameters)
            async with self._slots[model.name]:
                answers = await asyncio.gather(*(self._call(model, path, body) for path, body in calls))
            return {"findings": dialect.findings(piece, parameters, answers)}
        except UnreadableError as error:
            return failed("model_failed", f"the model {model.name!r} {error}")
        except AddressRefusedError as error:
            return failed("model_failed", f"the model {model.name!r}: {error}")
        except (aiohttp.ClientError, OSError) as error:
            refused = _refused(error)
            why = str(refused) if refused else type(error).__name__
            return failed("model_failed", f"the model {model.name!r} could not be asked: {why}")

    async def _call(self, model: Endpoint, path: str, body: Mapping[str, Any]) -> Any:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, socket_factory=self._socket),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if model.api_key:
            headers["authorization"] = f"Bearer {model.api_key}"
        async with self._http.post(
            model.base_url + path, data=orjson.dumps(body), headers=headers, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise UnreadableError(f"answered with status {response.status}")
            data = b""
            async for part in response.content.iter_any():
                data += part
                if len(data) > LONGEST_ANSWER:
                    raise UnreadableError(f"answered with more than {LONGEST_ANSWER} bytes")
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            raise UnreadableError("answered with something that is not JSON") from None

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, where = address
        check(str(where[0]), private=self._private)
        return socket.socket(family, kind, protocol)


def _refused(error: BaseException | None) -> AddressRefusedError | None:
    """Return the refusal of an address that a library has wrapped."""
    while error is not None:
        if isinstance(error, AddressRefusedError):
            return error
        error = error.__cause__ or getattr(error, "os_error", None)
    return None
