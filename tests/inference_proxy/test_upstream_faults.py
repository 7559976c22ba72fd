"""Providers that fail, stall, lie or break off, and what the caller and the record see of it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest

from inference_proxy.relay import split_events
from tests.fakes.proxy import PROVIDER_KEY, RunningProxy, upstream_config
from tests.fakes.upstream import (
    USAGE,
    Ending,
    FakeUpstream,
    Reply,
    as_error,
    as_json,
    as_stream,
    chunk,
    completion,
    delta,
    event,
    spoken,
)
from tests.fixtures.redis import free_port

CHAT = "/v1/chat/completions"
HELLO: Any = [{"role": "user", "content": "hi"}]
BODY = {"model": "fake-model", "messages": HELLO}
ONCE = {"model": "gpt-once", "messages": HELLO}
"""Routed without retries."""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[FakeUpstream]:
    """A second provider to fall back to."""
    with FakeUpstream() as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, upstream: FakeUpstream, other: FakeUpstream) -> Iterator[RunningProxy]:
    """A proxy with two providers behind it."""
    first = upstream_config(1, upstream.url)
    second = upstream_config(2, other.url, provider="groq")
    with RunningProxy(tmp_path / "pair", first, second) as running:
        yield running


def impatient(directory: Path, upstream: FakeUpstream, **timeouts: float) -> RunningProxy:
    return RunningProxy(directory, upstream_config(1, upstream.url, **timeouts))


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 503])
def test_an_error_passes_with_its_status_and_shape(
    proxy: RunningProxy, upstream: FakeUpstream, status: int
) -> None:
    upstream.always(as_error(status, "no such luck", headers=[("retry-after", "7")]))

    answered, headers, body = proxy.post(CHAT, ONCE)

    assert answered == status
    assert orjson.loads(body)["error"]["message"] == "no such luck"
    assert headers["retry-after"] == "7"
    span = proxy.span()
    assert (span.status, span.http_status, span.error_type) == ("error", status, "upstream_error")
    assert span.status_message == "no such luck"
    assert span.usage.input_tokens is None


@pytest.mark.parametrize("content", [b"<html>Bad Gateway</html>", b"", b"null", b'{"detail":"x"}', b"\xff"])
def test_an_error_in_another_shape_is_put_into_openais(
    proxy: RunningProxy, upstream: FakeUpstream, content: bytes
) -> None:
    upstream.always(Reply(status=502, headers=[("content-type", "text/html")], pieces=[content]))

    status, headers, body = proxy.post(CHAT, ONCE)

    assert status == 502
    assert headers["content-type"] == "application/json"
    assert orjson.loads(body)["error"]["code"] == "upstream_error"


def test_an_error_that_quotes_the_provider_key_does_not_hand_it_over(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    upstream.always(as_error(401, f"Incorrect API key provided: {PROVIDER_KEY}"))

    _, _, body = proxy.post(CHAT, ONCE)

    assert PROVIDER_KEY.encode() not in body
    assert b"[redacted]" in body
    assert PROVIDER_KEY not in proxy.span().status_message


def test_a_call_that_failed_for_a_moment_is_sent_again(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.then(as_error(503), as_error(500))

    status, headers, _ = proxy.post(CHAT, BODY)

    assert status == 200
    assert headers["x-parapet-attempts"] == "3"
    assert proxy.span().attempts == 3


def test_a_provider_that_asks_for_patience_is_given_it(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.then(as_error(429, headers=[("retry-after-ms", "300")]))
    started = time.monotonic()

    status, _, _ = proxy.post(CHAT, BODY)

    assert status == 200
    assert time.monotonic() - started >= 0.3


def test_more_patience_than_a_caller_has_is_passed_on(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.always(as_error(429, headers=[("retry-after", "3600")]))

    status, headers, _ = proxy.post(CHAT, BODY)

    assert (status, headers["retry-after"]) == (429, "3600")
    assert len(upstream.requests) == 1


def test_a_request_that_is_wrong_is_not_sent_again(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.always(as_error(400))

    proxy.post(CHAT, BODY)

    assert len(upstream.requests) == 1


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_another_provider_answers_when_the_first_cannot(
    pair: RunningProxy, upstream: FakeUpstream, other: FakeUpstream, status: int
) -> None:
    upstream.always(as_error(status))

    answered, headers, _ = pair.post(CHAT, BODY)

    assert answered == 200
    assert (headers["x-parapet-provider"], headers["x-parapet-attempts"]) == ("groq", "2")
    assert pair.span().provider == "groq"
    assert pair.metrics()["parapet_proxy_fallbacks_total"] == 1


def test_a_stream_that_breaks_before_its_first_byte_is_asked_for_elsewhere(
    pair: RunningProxy, upstream: FakeUpstream, other: FakeUpstream
) -> None:
    upstream.always(as_stream([], ending="reset"))

    with pair.client() as client:
        chunks = list(client.chat.completions.create(model="fake-model", messages=HELLO, stream=True))

    assert "".join(each.choices[0].delta.content or "" for each in chunks) == "Hello from the fake."
    assert pair.span().attempts == 2


def test_a_failing_provider_is_not_beaten_with_retries(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.always(as_error(503, headers=[("retry-after-ms", "1")]))

    for _ in range(60):
        proxy.post(CHAT, BODY)

    # Ten retries of credit, and then one for every ten calls.
    assert len(upstream.requests) <= 60 + 10 + 60 * 0.1 + 1


def test_a_provider_that_is_down_is_a_502(tmp_path: Path) -> None:
    config = upstream_config(1, f"http://127.0.0.1:{free_port()}/v1")
    with RunningProxy(tmp_path, config) as proxy:
        with proxy.client() as client, pytest.raises(openai.InternalServerError) as raised:
            client.chat.completions.create(model="gpt-once", messages=HELLO)

        assert raised.value.status_code == 502
        assert raised.value.code == "upstream_unavailable"
        assert "'fake-1' could not be reached" in str(raised.value)
        span = proxy.span()
        assert (span.status, span.http_status, span.error_type) == ("error", 502, "upstream_unavailable")


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize("pieces", [[], [b'{"id":']])
def test_an_answer_cut_short_is_a_502(
    proxy: RunningProxy, upstream: FakeUpstream, ending: Ending, pieces: list[bytes]
) -> None:
    upstream.always(Reply(headers=[("content-type", "application/json")], pieces=pieces, ending=ending))

    status, _, body = proxy.post(CHAT, ONCE)

    assert status == 502
    assert orjson.loads(body)["error"]["type"] == "upstream_error"


def test_a_provider_that_never_answers_is_a_504(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always(Reply(delay_s=5))
    with impatient(tmp_path / "p", upstream, total_timeout_s=0.2) as proxy:
        for streamed in (False, True):
            status, _, body = proxy.post(CHAT, ONCE | {"stream": streamed})
            assert status == 504
            assert orjson.loads(body)["error"]["code"] == "upstream_timeout"
        assert [span.error_type for span in proxy.spans(2)] == ["upstream_timeout"] * 2


def test_a_stream_that_falls_silent_is_ended_with_an_error(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always(as_stream(spoken("Hel")[:2], ending="stall"))
    with impatient(tmp_path / "p", upstream, idle_timeout_s=0.2) as proxy:
        status, _, body = proxy.post(CHAT, ONCE | {"stream": True})

        assert status == 200
        *_, last = split_events(body)
        assert orjson.loads(last.removeprefix(b"data: "))["error"]["code"] == "upstream_timeout"
        assert b"[DONE]" not in body
        span = proxy.span()
        assert (span.status, span.error_type, span.usage.source) == ("error", "upstream_timeout", "estimated")
        assert span.output_messages == [{"role": "assistant", "content": "Hel"}]
        assert upstream.interrupted == 1


def test_a_slow_stream_that_keeps_talking_is_left_alone(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always(as_stream(spoken(*["word "] * 6), gap_s=0.1))
    with impatient(tmp_path / "p", upstream, idle_timeout_s=0.3, total_timeout_s=5.0) as proxy:
        _, _, body = proxy.post(CHAT, ONCE | {"stream": True})

        assert body.endswith(b"[DONE]\n\n")
        assert proxy.span().status == "ok"


def test_a_redirect_is_not_followed(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.always(Reply(status=307, headers=[("location", "http://169.254.169.254/latest")]))

    status, _, body = proxy.post(CHAT, ONCE)

    assert status == 502
    assert b"redirect" in body
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/v1",
        "http://[fe80::1]/v1",
        "http://0.0.0.0:1/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://10.0.0.1/v1",
        "http://100.100.100.200/v1",
    ],
)
def test_addresses_an_upstream_may_not_have_are_refused_at_the_connection(tmp_path: Path, url: str) -> None:
    with RunningProxy(tmp_path, upstream_config(1, url)) as proxy:
        status, _, body = proxy.post(CHAT, BODY)

    assert status == 502
    assert orjson.loads(body)["error"]["code"] == "upstream_misconfigured"
    assert b"PARAPET_ALLOW_PRIVATE_UPSTREAMS" in body


def test_loopback_is_refused_where_the_installation_says_so(tmp_path: Path, upstream: FakeUpstream) -> None:
    by_name = upstream.url.replace("127.0.0.1", "localhost")
    for number, url in enumerate((upstream.url, by_name)):
        with RunningProxy(
            tmp_path / str(number), upstream_config(1, url), allow_private_upstreams="none"
        ) as proxy:
            assert proxy.post(CHAT, BODY)[0] == 502
    assert upstream.requests == []


def test_a_provider_key_sealed_for_another_address_is_not_sent(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    moved = upstream_config(1, "http://example.invalid/v1", base_url=upstream.url)
    with RunningProxy(tmp_path, moved) as proxy:
        status, _, body = proxy.post(CHAT, BODY)

    assert status == 502
    assert "enter the key again" in orjson.loads(body)["error"]["message"]
    assert upstream.requests == []


EVENTS = spoken("Hé", "llo ", "wörld 🌍", usage=USAGE)
MESSY = [
    b": comment\r\n\r\n",
    b"event: message\r\ndata: " + event(chunk(choices=[delta(content="a")]))[6:-2] + b"\r\n\r\n",
    b"data:" + event(chunk(choices=[delta(content="b")]))[6:],
    b'data: {"choices":\ndata: [{"index":0,"delta":{"content":"c"},"finish_reason":"stop"}]}\n\n',
    b"data: not json\n\n",
    b"data: [DONE]\n",
]
ASKED = BODY | {"stream": True, "stream_options": {"include_usage": True}}


@pytest.mark.parametrize("events", [EVENTS, MESSY], ids=["tidy", "messy"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 333, 100_000])
def test_a_stream_comes_out_as_it_went_in_however_it_is_cut(
    proxy: RunningProxy, upstream: FakeUpstream, events: list[bytes], size: int
) -> None:
    whole = b"".join(events)
    upstream.then(as_stream(whole[at : at + size] for at in range(0, len(whole), size)))

    _, _, body = proxy.post(CHAT, ASKED)

    assert body == whole
    said = {"tidy": "Héllo wörld 🌍", "messy": "abc"}
    assert proxy.span().output_messages[0]["content"] in said.values()
    assert proxy.span().status == "ok"


def test_wherever_a_stream_is_cut_off_the_caller_is_told(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    whole = b"".join(EVENTS)
    cuts = range(1, whole.index(b'"finish_reason":"stop"'), 11)
    for cut in cuts:
        upstream.then(as_stream([whole[:cut]], ending="close"))
        _, _, body = proxy.post(CHAT, ASKED)
        *passed, last = split_events(body)
        assert whole.startswith(b"".join(passed))
        assert b"".join(passed) == whole[: whole.rfind(b"\n\n", 0, cut) + 2] * (len(passed) > 0)
        assert orjson.loads(last.removeprefix(b"data: "))["error"]["type"] == "upstream_error"
        assert b"[DONE]" not in body
    spans = proxy.spans(len(cuts))
    assert {span.status for span in spans} == {"error"}


def test_an_answer_that_ends_properly_but_unfinished_is_no_success(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    upstream.then(as_stream(EVENTS[:3]))

    with proxy.client() as client, pytest.raises(openai.APIError, match="before it was finished"):
        list(client.chat.completions.create(model="gpt-once", messages=HELLO, stream=True))

    assert proxy.span().status == "error"


def test_a_stream_without_done_but_with_a_reason_is_whole(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    upstream.then(as_stream(EVENTS[:-1]))

    _, _, body = proxy.post(CHAT, ASKED)

    assert body == b"".join(EVENTS[:-1])
    assert proxy.span().status == "ok"


def test_an_answer_that_is_no_json_passes_where_no_guard_must_read_it(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    upstream.then(Reply(headers=[("content-type", "text/plain")], pieces=[b"just text"]))

    status, headers, body = proxy.post(CHAT, BODY)

    assert (status, headers["content-type"], body) == (200, "text/plain", b"just text")
    assert proxy.span().usage.source == "unknown"


def test_an_answer_of_an_odd_shape_passes_and_is_recorded(
    proxy: RunningProxy, upstream: FakeUpstream
) -> None:
    odd = [{"choices": None, "usage": 3}, {"choices": [None, 4]}, {"choices": [{"message": None}]}, [1], "x"]
    for value in odd:
        upstream.then(as_json(value))
        status, _, body = proxy.post(CHAT, BODY)
        assert (status, orjson.loads(body)) == (200, value)
    assert len(proxy.spans(len(odd))) == len(odd)


def test_connections_are_used_again(proxy: RunningProxy, upstream: FakeUpstream) -> None:
    upstream.always(as_json(completion("hi")))

    for _ in range(10):
        proxy.post(CHAT, BODY)

    assert upstream.opened == 1
