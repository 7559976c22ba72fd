"""Files of the pages are served under ASGI without a warning, whole and cached."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import AsyncClient


@pytest.fixture
def a_file() -> str:
    folder = Path(settings.STATIC_ROOT)
    (folder / "greeting.0123456789ab.txt").write_text("A wall to look out from.")
    return f"/{settings.STATIC_URL.lstrip('/')}greeting.0123456789ab.txt"


async def test_a_file_is_served_whole(a_file: str) -> None:
    answer = await AsyncClient().get(a_file)
    text = b"".join([piece async for piece in answer.streaming_content])  # type: ignore[attr-defined]

    assert (answer.status_code, text) == (200, b"A wall to look out from.")
