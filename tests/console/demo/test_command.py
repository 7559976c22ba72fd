"""`manage.py demo` says what is missing before it sends anything."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.fixtures.redis import free_port


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.HOME = tmp_path
    return tmp_path


def write_credentials(home: Path, **values: Any) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    whole = {"otlp_url": url, "proxy_url": f"{url}/v1", "api_key": "pk_x"} | values
    (home / "credentials.json").write_text(json.dumps(whole))


def test_without_credentials_it_asks_for_a_start(home: Path) -> None:
    with pytest.raises(CommandError, match="make run"):
        call_command("demo")


def test_credentials_it_cannot_read_are_not_guessed(home: Path) -> None:
    write_credentials(home, otlp_url=None)

    with pytest.raises(CommandError, match="bootstrap"):
        call_command("demo")


def test_nothing_running_is_said_in_a_sentence(home: Path) -> None:
    write_credentials(home)

    with pytest.raises(CommandError, match="nothing answers at the receiver's address"):
        call_command("demo", calls=10)


@pytest.mark.parametrize(("option", "value"), [("days", 0), ("days", 30), ("calls", 0)])
def test_sizes_that_cannot_work_are_refused(home: Path, option: str, value: int) -> None:
    with pytest.raises(CommandError, match=f"--{option} lies between"):
        call_command("demo", **{option: value})


def test_a_second_run_sends_nothing_and_says_so(home: Path) -> None:
    write_credentials(home)
    done = {"at": "2026-11-20T10:00:00+00:00", "seed": 1, "days": 14, "calls": 3000}
    (home / "demo.json").write_text(json.dumps(done))
    out = StringIO()

    call_command("demo", stdout=out)

    assert "was filled on 2026-11-20" in out.getvalue()
    assert "--again" in out.getvalue()
