"""The pages' own files, served by whitenoise under ASGI."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Whitenoise reads files synchronously; under ASGI Django wants the pieces from an asynchronous iterator."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        """Return the file, in the form the server at hand can stream."""
        response: HttpResponseBase = WhiteNoiseMiddleware.serve(static_file, request)
        if response.streaming and isinstance(request, ASGIRequest):
            pieces: Iterable[bytes] = response.streaming_content  # type: ignore[attr-defined]
            response.streaming_content = _one_by_one(pieces)  # type: ignore[attr-defined]
        return response


async def _one_by_one(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
