"""Values planted in every way into the product, under the policy of a new project, are found nowhere in it."""

import http.cookiejar
import json
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from ingest.clickhouse.client import connect
from tests.fakes.upstream import (
    FakeUpstream,
    Received,
    Reply,
    as_error,
    as_json,
    as_stream,
    completion,
    spoken,
)
from tests.journeys.canaries import Canaries, everything_kept, everything_sent
from tests.journeys.instance import Instance
from tests.journeys.test_first_call import tool_call

GOLDEN = sorted((Path(__file__).parents[1] / "ingest/formats/golden").glob("*.otlp.json"))
READ = (
    "/api/v1/traces?limit=200", "/api/v1/spans?limit=200", "/api/v1/scores?limit=200",
    "/api/v1/guard-events?limit=200", "/api/v1/usage", "/api/v1/prompts", "/api/v1/backtests",
)  # fmt: skip


@pytest.mark.timeout(600)
def test_planted_values_are_found_nowhere(instance: Instance, upstream: FakeUpstream) -> None:
    canaries, door = Canaries(), Door(instance)
    upstream.always(say_back(canaries))

    for plant in (calls, disguised_calls, refusals, otlp_as_json, otlp_as_protobuf):
        plant(door, canaries)
    last = wait_until_stored(instance)
    scores(door, canaries, last)
    review(door, canaries)
    backtest(door)

    assert len(canaries.planted) > 300
    assert upstream.requests
    assert canaries.found_in(everything_sent(upstream)) == []
    assert canaries.found_in(everything_kept(instance)) == []
    assert canaries.found_in(everything_read(door)) == []


class Door:
    """The ways in: an app with its key, and a person with a browser."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.told = instance.credentials
        self._browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), _Staying()
        )
        self._sign_in()

    def send(self, url: str, body: Any, **headers: str) -> bytes:
        """Post JSON with the key; what is refused is no failure, for refusals must keep nothing either."""
        request = urllib.request.Request(
            url,
            json.dumps(body).encode(),
            {"authorization": f"Bearer {self.told.api_key}", "content-type": "application/json"} | headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code in (500, 501, 504):
                raise
            return bytes(error.read())

    def call(self, path: str, body: dict[str, Any], **headers: str) -> bytes:
        """Call a model."""
        return self.send(f"{self.told.proxy_url}{path}", {"model": "gpt-4o-mini"} | body, **headers)

    def read(self, path: str) -> bytes:
        """Read from the API, as an app does, or a page, as a person does."""
        url = f"{self.told.console_url}{path}"
        if not path.startswith("/api/"):
            with self._browser.open(url, timeout=60) as page:
                return bytes(page.read())
        request = urllib.request.Request(url, headers={"authorization": f"Bearer {self.told.api_key}"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return bytes(error.read())

    def where(self, path: str) -> str:
        """Return where a page leads."""
        with self._browser.open(f"{self.told.console_url}{path}", timeout=60) as answer:
            return str(answer.headers["location"])

    def fill_in(self, path: str, *, to: str = "", **fields: str) -> str:
        """Send a form of a page, and return where it leads."""
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.read(path))
        assert token, path
        form = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token[1].decode()}).encode()
        request = urllib.request.Request(
            f"{self.told.console_url}{path}{to}", form, {"referer": f"{self.told.console_url}{path}"}
        )
        with self._browser.open(request, timeout=60) as answer:
            return str(answer.headers.get("location", ""))

    def upload(self, page: str, name: str, content: bytes) -> str:
        """Send a file by the form of a page, and return where it leads."""
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.read(page))
        assert token, page
        edge = secrets.token_hex(16)
        disposition = "Content-Disposition: form-data; name="
        body = (
            (
                f'--{edge}\r\n{disposition}"csrfmiddlewaretoken"\r\n\r\n{token[1].decode()}\r\n'
                f'--{edge}\r\n{disposition}"file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
            ).encode()
            + content
            + f"\r\n--{edge}--\r\n".encode()
        )
        url = self.told.console_url
        heads = {"referer": f"{url}{page}", "content-type": f"multipart/form-data; boundary={edge}"}
        with self._browser.open(
            urllib.request.Request(f"{url}{page}upload/", body, heads), timeout=300
        ) as answer:
            return str(answer.headers.get("location", ""))

    def _sign_in(self) -> None:
        self.fill_in("/accounts/login/", login=self.told.email, password=self.told.password)


class _Staying(urllib.request.HTTPRedirectHandler):
    """Shows where an answer leads instead of going there."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


def calls(door: Door, canaries: Canaries) -> None:
    """Plant in every part of ordinary calls, whole and streamed."""
    for is_streamed in (False, True):
        how = "a stream" if is_streamed else "a whole call"
        door.call(
            "/chat/completions",
            {
                "stream": is_streamed,
                "user": canaries.email(f"the user of {how}"),
                "metadata": {"note": canaries.text(f"the metadata of {how}")},
                "an_unknown_field": canaries.text(f"an unknown field of {how}"),
                "stop": [canaries.text(f"a stop sequence of {how}")],
                "messages": [
                    {"role": "system", "content": canaries.text(f"the system prompt of {how}")},
                    {"role": "user", "name": "ada", "content": canaries.text(f"the history of {how}")},
                    {
                        "role": "assistant",
                        "content": canaries.text(f"an answer before {how}"),
                        "tool_calls": [
                            {
                                "id": "call_1",
                                "type": "function",
                                "function": {
                                    "name": "write",
                                    "arguments": json.dumps({"to": canaries.text(f"arguments before {how}")}),
                                },
                            }
                        ],
                    },
                    {
                        "role": "tool",
                        "tool_call_id": "call_1",
                        "content": canaries.text(f"a result before {how}"),
                    },
                    {
                        "role": "tool",
                        "tool_call_id": "call_1",
                        "content": json.dumps({"rows": [canaries.text(f"a JSON result before {how}")]}),
                    },
                    {
                        "role": "user",
                        "content": [{"type": "text", "text": canaries.text(f"a part of {how}")}],
                    },
                    {"role": "user", "content": canaries.text(f"the prompt of {how}")},
                ],
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "write",
                            "description": canaries.text(f"a tool's description in {how}"),
                            "parameters": {
                                "type": "object",
                                "properties": {
                                    "to": {
                                        "type": "string",
                                        "description": canaries.text(f"a tool's schema in {how}"),
                                        "enum": [canaries.email(f"a tool's choices in {how}")],
                                    }
                                },
                            },
                        },
                    }
                ],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "x",
                        "schema": {"description": canaries.text(f"a form in {how}")},
                    },
                },
            },
            **{
                "x-parapet-user": canaries.email(f"the user's header of {how}"),
                "x-parapet-session": canaries.email(f"the session's header of {how}"),
                "x-parapet-feature": canaries.text(f"the feature's header of {how}"),
                "x-parapet-tags": canaries.key(f"the tags' header of {how}"),
                "x-parapet-prompt": canaries.text(f"the prompt's header of {how}"),
                "x-parapet-environment": canaries.text(f"the environment's header of {how}"),
                "tracestate": f"note={canaries.key(f'the trace state of {how}')}",
                "user-agent": f"app/{canaries.key(f'the user agent of {how}')}",
            },
        )
    door.call("/completions", {"prompt": canaries.text("the prompt of a completion")})
    door.call(
        "/completions", {"prompt": [canaries.text("a list of prompts")], "suffix": canaries.text("a suffix")}
    )
    door.call("/embeddings", {"input": canaries.text("an embedding")})
    door.call("/embeddings", {"input": [canaries.text("one of many embeddings"), "nothing"]})


def disguised_calls(door: Door, canaries: Canaries) -> None:
    """Plant where a value is not expected: in names, escapes, addresses and what is no JSON."""
    text = canaries.text("an answer in JSON")
    asked = {"role": "user", "content": json.dumps({"say": text})}
    door.call("/chat/completions", {"messages": [asked], "response_format": {"type": "json_object"}})
    door.call("/chat/completions", {"messages": [asked], "stream": True})
    door.call("/chat/completions", {"messages": [{"role": "user", "content": "call a tool"}], "stream": True})
    door.call("/chat/completions", {"messages": [{"role": "user", "content": "speak up"}]})
    door.call("/chat/completions", {"messages": [{"role": "user", "content": "speak up"}], "stream": True})
    door.call("/chat/completions", {"model": canaries.email("a model's name"), "messages": []})
    door.call("/chat/completions", {"model": canaries.key("a model's place"), "messages": []})
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    told = {"type": "text", "text": canaries.text("a text beside a picture")}
    door.call("/chat/completions", {"messages": [{"role": "user", "content": [picture, told]}]})
    door.call(
        f"/chat/completions?note={canaries.key('a query')}", {"messages": [{"role": "user", "content": "hi"}]}
    )
    door.call(f"/nowhere/{canaries.key('a path')}", {"text": canaries.text("a body that goes nowhere")})


def refusals(door: Door, canaries: Canaries) -> None:
    """Plant in what is refused, by us and by the provider."""
    door.call("/chat/completions", {"messages": canaries.text("a field of the wrong type")})
    door.call("/chat/completions", {"messages": [{"role": "user", "content": "fail with an error"}]})
    door.call(
        "/chat/completions", {"messages": [{"role": "user", "content": "fail with an error"}], "stream": True}
    )
    url = f"{door.told.proxy_url}/chat/completions"
    broken = urllib.request.Request(
        url,
        f'{{"messages": "{canaries.text("broken JSON")}'.encode(),
        {"authorization": f"Bearer {door.told.api_key}", "content-type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(broken, timeout=60)
    stranger = urllib.request.Request(
        url, b"{}", {"authorization": f"Bearer {canaries.key('a key nobody knows')}"}
    )
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(stranger, timeout=60)


def otlp_as_json(door: Door, canaries: Canaries) -> None:
    """Plant in every text of every dialect's spans."""
    for file in GOLDEN:
        request = json.loads(file.read_text())
        for resource in request["resourceSpans"]:
            resource.setdefault("resource", {}).setdefault("attributes", []).append(
                {"key": "note", "value": {"stringValue": canaries.text(f"a resource of {file.stem}")}}
            )
            for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
                _plant_in(span, canaries, file.stem)
        door.send(f"{door.told.otlp_url}/v1/traces", request)


def otlp_as_protobuf(door: Door, canaries: Canaries) -> None:
    """Plant in the same spans as the official SDK sends them."""
    exporter = OTLPSpanExporter(
        endpoint=f"{door.told.otlp_url}/v1/traces", headers={"authorization": f"Bearer {door.told.api_key}"}
    )
    note = canaries.text("a resource of the SDK")
    provider = TracerProvider(resource=Resource.create({"service.name": "agent", "note": note}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("canaries")
    for file in GOLDEN:
        for span in _spans_of(json.loads(file.read_text())):
            _plant_in(span, canaries, f"{file.stem} by the SDK")
            said = {one["key"]: one["value"].get("stringValue", "") for one in span["attributes"]}
            with tracer.start_as_current_span(span["name"], attributes=said) as sent:
                sent.add_event("said", {"what": canaries.text(f"an event of {file.stem} by the SDK")})
                sent.record_exception(ValueError(canaries.text(f"an exception of {file.stem} by the SDK")))
    provider.shutdown()


def _spans_of(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in request["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def _plant_in(span: dict[str, Any], canaries: Canaries, where: str) -> None:
    span["name"] = f"{span['name']} {canaries.email(f'a name of {where}')}"
    span["status"] = {"code": 2, "message": canaries.text(f"a status of {where}")}
    attributes = span.setdefault("attributes", [])
    for one in attributes:
        value = one["value"]
        if "stringValue" in value:
            value["stringValue"] = _with_more(value["stringValue"], canaries, f"{one['key']} of {where}")
    for key in ("note", "user.id", "session.id", "gen_ai.unheard.of"):
        attributes.append({"key": key, "value": {"stringValue": canaries.text(f"{key} of {where}")}})
    attributes.append(
        {
            "key": "notes",
            "value": {"arrayValue": {"values": [{"stringValue": canaries.text(f"a list of {where}")}]}},
        }
    )
    for event in span.get("events", []):
        for one in event.get("attributes", []):
            if "stringValue" in one["value"]:
                one["value"]["stringValue"] = _with_more(
                    one["value"]["stringValue"], canaries, f"{one['key']} of an event of {where}"
                )


def _with_more(text: str, canaries: Canaries, where: str) -> str:
    """Return a text with values in it; a name stays one word, and JSON stays JSON."""
    if text[:1] in ("{", "["):
        return json.dumps(_deep(json.loads(text), lambda said: _with_more(said, canaries, where)))
    return f"{text} {canaries.text(where)}" if " " in text else text


def _deep(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _deep(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_deep(inner, change) for inner in value]
    return change(value) if isinstance(value, str) else value


def wait_until_stored(instance: Instance) -> str:
    """Wait until nothing more arrives in the store, and return a trace that was stored."""
    store = connect(instance.told["PARAPET_CLICKHOUSE_URL"])
    before, since = -1, time.monotonic()
    while time.monotonic() - since < 60:
        now = store.query("SELECT count() FROM spans").result_rows[0][0]
        if now == before and now > 0:
            break
        before = now
        time.sleep(3)
    (row,) = store.query(
        "SELECT trace_id FROM guard_events WHERE place = 'user' ORDER BY at DESC LIMIT 1"
    ).result_rows
    store.close()
    return str(row[0])


def scores(door: Door, canaries: Canaries, trace_id: str) -> None:
    """Plant in what people and programs say of a trace."""
    score = {
        "trace_id": trace_id,
        "value": 0,
        "name": f"thumbs {canaries.email('the name of a score')}",
        "label": canaries.email("the label of a score"),
        "reason": canaries.text("the reason of a score"),
        "author": canaries.email("the author of a score"),
    }
    answer = json.loads(door.send(f"{door.told.console_url}/api/v1/scores", score))
    assert "id" in answer, answer


def review(door: Door, canaries: Canaries) -> None:
    """Plant in the note of a person who judges a verdict."""
    home = f"/p/{door.told.project}/guards/review"
    drawn = door.fill_in(f"{home}/", window="90d", guard="", each="3")
    item = door.where(drawn)
    following = door.fill_in(item, to="judge/", said="right", note=canaries.text("the note of a label"))
    assert following not in ("", item)


def backtest(door: Door) -> None:
    """Try a policy over all of it, so that its examples are kept too."""
    guards = [
        {
            "name": "everything", "kind": "pattern", "action": "block", "places": ["user", "answer"], "on_error": "block",
            "deadline_ms": 5_000, "is_shadow": False, "parameters": {"custom": [{"name": "word", "regex": "(?i)write"}]},
        }
    ]  # fmt: skip
    begun = json.loads(
        door.send(f"{door.told.console_url}/api/v1/backtests", {"guards": guards, "sample": 1_000})
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = json.loads(door.read(f"/api/v1/backtests/{begun['id']}"))
        if found["state"] == "done":
            assert found["result"]["examples"]["newly_stopped"]
            return
        time.sleep(1)
    raise AssertionError(f"the backtest did not end: {found['state']} {found['reason']}")


def everything_read(door: Door) -> Iterator[tuple[str, bytes]]:
    """Yield what the API and the exports show."""
    for path in READ:
        yield path, door.read(path)
    costs = f"/p/{door.told.project}/costs/?format=csv&range=90d"
    for by in ("model", "feature", "user", "prompt", "key", "environment"):
        yield f"{costs} by {by}", door.read(f"{costs}&by={by}")
    for backtest in json.loads(door.read("/api/v1/backtests"))["data"]:
        yield "a backtest", door.read(f"/api/v1/backtests/{backtest['id']}")
        yield "a backtest's page", door.read(f"/p/{door.told.project}/guards/backtests/{backtest['id']}/")


def say_back(canaries: Canaries) -> Callable[[Received], Reply]:
    """Return a provider that repeats what it is told, and now and then says what nobody told it."""

    def answer(request: Received) -> Reply:
        body = request.json
        if request.path.endswith("/embeddings"):
            return as_json(
                {"object": "list", "model": "e", "data": [], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
            )
        said = _last_said(body)
        if "fail with an error" in said:
            return as_error(400, f"I will not: {canaries.text('an error of the provider')}")
        if "speak up" in said:
            said = canaries.text("what the model made up")
        if "call a tool" in said:
            arguments = json.dumps({"to": canaries.text("arguments that the model made up")})
            return as_stream(tool_call("call_7", "write", *re.findall("(?s).{1,5}", arguments)))
        if "prompt" in body:
            return as_json(
                {"object": "text_completion", "model": "m", "choices": [{"index": 0, "text": said}]}
            )
        if body.get("stream"):
            return as_stream(spoken(*re.findall("(?s).{1,3}", said), model="gpt-4o-mini"))
        return as_json(completion(said, model="gpt-4o-mini"))

    return answer


def _last_said(body: dict[str, Any]) -> str:
    prompt = body.get("prompt") or body["messages"][-1]["content"]
    return prompt if isinstance(prompt, str) else json.dumps(prompt)
