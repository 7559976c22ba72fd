"""The proxy as the process that is started in production."""

import http.client
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from inference_proxy.settings import Settings, SettingsError
from tests.fakes.proxy import API_KEY, SECRET_KEY, RunningProxy, upstream_config, wait_until
from tests.fakes.upstream import FakeUpstream, as_stream, spoken
from tests.fixtures.redis import free_port
from tests.inference_proxy.test_disconnects import call_and_leave


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def started(home: RunningProxy, directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The proxy in a process of its own, with the snapshot of one that is not running."""
    home.port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PARAPET_SECRET_KEY": SECRET_KEY,
        "PARAPET_SNAPSHOT_FILE": str(home.snapshot_file),
        "PARAPET_SPOOL_DIR": str(directory / "spool"),
    }
    command = [sys.executable, "-m", "inference_proxy", "--port", str(home.port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            wait_until(lambda: is_healthy(home.port), within_s=15)
            yield process
        finally:
            process.kill()


def test_it_stops_in_time_with_all_records_on_the_disk(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always(as_stream(spoken(*["word "] * 1_000), gap_s=0.05))
    home = RunningProxy(tmp_path, upstream_config(1, upstream.url))
    body = {"model": "gpt-once", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with started(home, tmp_path) as process:
        call_and_leave(home, after_bytes=300, stream=True)
        staying = http.client.HTTPConnection("127.0.0.1", home.port, timeout=15)
        headers = {"authorization": f"Bearer {API_KEY}"}
        staying.request("POST", "/v1/chat/completions", orjson.dumps(body), headers)
        answer = staying.getresponse()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        heard = answer.read()
        staying.close()
        assert process.wait(10) == 0
        assert time.monotonic() - began < 8
        log = process.stderr.read().decode() if process.stderr else ""

    assert b"proxy_stopping" in heard
    assert b"[DONE]" not in heard
    assert "Traceback" not in log
    assert {span.status for span in home.spans(2)} == {"aborted"}
    assert {span.error_type for span in home.spans(2)} == {"caller_gone", "proxy_stopping"}
    assert {span.usage.source for span in home.spans(2)} == {"estimated"}


def test_a_missing_secret_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inference_proxy"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        timeout=20,
    )

    assert done.returncode == 2
    assert done.stderr.decode() == "proxy: PARAPET_SECRET_KEY is not set. See docs/reference/settings.md.\n"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PARAPET_DURABILITY", "maybe", "PARAPET_DURABILITY must be one of fsync, page_cache, not 'maybe'."),
        (
            "PARAPET_MAX_BODY_BYTES",
            "-1",
            "PARAPET_MAX_BODY_BYTES must be a whole number of at least 1, not '-1'.",
        ),
        ("PARAPET_AUDIT", "off", "PARAPET_AUDIT must be one of available, strict, not 'off'."),
        ("PARAPET_REDIS_URL", "", "set PARAPET_REDIS_URL or PARAPET_SNAPSHOT_FILE"),
    ],
)
def test_a_value_that_cannot_be_understood_is_named(name: str, value: str, message: str) -> None:
    environment = {"PARAPET_SECRET_KEY": "x", "PARAPET_REDIS_URL": "redis://127.0.0.1:1/0"} | {name: value}

    with pytest.raises(SettingsError) as raised:
        Settings.from_environment(environment)

    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("host", "private"), [("127.0.0.1", "loopback"), ("::1", "loopback"), ("0.0.0.0", "none")]
)
def test_loopback_upstreams_are_allowed_where_only_this_machine_can_ask(host: str, private: str) -> None:
    environment = {"PARAPET_SECRET_KEY": "x", "PARAPET_REDIS_URL": "redis://x", "PARAPET_HOST": host}

    assert Settings.from_environment(environment).allow_private_upstreams == private


def test_the_secret_is_in_no_representation() -> None:
    settings = Settings.from_environment({"PARAPET_SECRET_KEY": "hush", "PARAPET_REDIS_URL": "redis://x"})

    assert "hush" not in repr(settings)
