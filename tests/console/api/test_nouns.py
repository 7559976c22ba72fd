"""Each noun of the API answers with what is stored, and names every mistake in a question."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from console.accounts.models import Project
from console.store import store
from ingest.writer import write
from tests.console.api.conftest import NOW, App, Recorded
from tests.makers import make_event, make_priced, make_score, make_span


def test_a_trace_is_listed_with_its_sums_and_scores(app: App, recorded: Recorded) -> None:
    body = app.get("traces").json()

    (trace,) = body["data"]
    assert (trace["trace_id"], trace["name"], trace["spans"], trace["calls"]) == (
        recorded.trace_id,
        "agent",
        2,
        1,
    )
    assert trace["cost_usd"] == "0.000450000"
    assert trace["start_time"].endswith("Z")
    assert [score["name"] for score in trace["scores"]] == ["helpfulness"]
    assert body["next_cursor"] is None


def test_a_trace_is_read_with_its_spans_scores_and_verdicts(app: App, recorded: Recorded) -> None:
    trace = app.get(f"traces/{recorded.trace_id.upper()}").json()

    assert [span["span_id"] for span in trace["spans"]] == [recorded.root_id, recorded.call_id]
    assert trace["spans"][0]["cost_usd"] is None
    assert [score["value"] for score in trace["scores"]] == [0.75]
    assert [event["entities"] for event in trace["guard_events"]] == [{"EMAIL_ADDRESS": 1}]


def test_messages_come_with_traces_unless_they_are_left_out(app: App, recorded: Recorded) -> None:
    (listed,) = app.get("traces").json()["data"]
    whole = app.get(f"traces/{recorded.trace_id}").json()
    (light,) = app.get("traces", messages="false").json()["data"]

    assert listed["input_messages"] == recorded.root.span.input_messages
    assert listed["output_messages"] == recorded.root.span.output_messages
    assert whole["spans"][1]["input_messages"] == recorded.call.span.input_messages
    assert (light["input_messages"], light["output_messages"]) == (None, None)


def test_a_span_is_read_with_both_message_lists_and_exact_numbers(app: App, recorded: Recorded) -> None:
    span = app.get(f"traces/{recorded.trace_id}/spans/{recorded.call_id}").json()

    assert span["input_messages"] == recorded.call.span.input_messages
    assert span["output_messages"] == recorded.call.span.output_messages
    assert (span["input_tokens"], span["output_tokens"], span["reasoning_tokens"]) == (100, 20, None)
    assert (span["cost_usd"], span["ttft_us"]) == ("0.000450000", 200_000)


@pytest.mark.parametrize("noun", ["spans", "scores", "guard-events"])
def test_following_the_cursor_leads_through_everything_once(app: App, project: Project, noun: str) -> None:
    at = NOW - timedelta(minutes=1)
    trace = uuid.uuid4().hex
    times = [at + timedelta(microseconds=n // 2) for n in range(7)]
    records: list[Any] = [make_span(project.id, at=one, trace_id=trace) for one in times]
    records += [make_score(project.id, at=one) for one in times]
    records += [make_event(project.id, at=one) for one in times]
    write(store(), records, token=trace)

    rows: list[Any] = []
    cursor = ""
    for _ in range(3):
        page = app.get(noun, limit=3, cursor=cursor).json()
        rows += page["data"]
        cursor = page["next_cursor"]

    assert cursor is None
    assert len({row.get("id") or row["span_id"] for row in rows}) == len(rows) == 7


def test_a_score_given_twice_is_stored_once_and_the_second_counts(app: App, recorded: Recorded) -> None:
    judgement = {"name": "thumbs", "trace_id": recorded.trace_id, "span_id": recorded.call_id, "value": 0}

    first = app.post("scores", judgement)
    second = app.post("scores", judgement | {"value": 1, "reason": "changed my mind"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    (score,) = app.get("scores", name="thumbs").json()["data"]
    assert (score["value"], score["reason"], score["target_kind"]) == (1.0, "changed my mind", "span")
    assert (score["model"], score["prompt_name"], score["prompt_version"]) == ("gpt-4o", "greet", "2")
    assert (score["session_id"], score["source"], score["author"]) == ("s-1", "api", "app")


def test_a_score_with_an_id_of_its_own_keeps_it(app: App, recorded: Recorded) -> None:
    own = str(uuid.uuid4())

    answer = app.post("scores", {"id": own, "name": "label", "trace_id": recorded.trace_id, "label": "good"})

    assert answer.json() == {"id": own}
    assert [s["label"] for s in app.get("scores", name="label").json()["data"]] == ["good"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"trace_id": "not hex"}, "trace_id"),
        ({"trace_id": "abcdef"}, "trace_id"),
        ({"span_id": "abcdef"}, "span_id"),
        ({"value": None}, "value"),
        ({"value": "many"}, "value"),
        ({"value": "nan"}, "value"),
        ({"source": "judge"}, "source"),
        ({"id": "7"}, "id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_score_that_makes_no_sense_is_refused_by_the_name_of_the_field(
    app: App, recorded: Recorded, changes: dict[str, Any], field: str
) -> None:
    answer = app.post("scores", {"name": "n", "trace_id": recorded.trace_id, "value": 1} | changes)

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [field]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"null"])
def test_a_body_that_is_no_object_is_refused(app: App, body: bytes) -> None:
    answer = app.post("scores", body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


def test_usage_sums_calls_and_says_how_many_have_no_price(app: App, project: Project) -> None:
    at = NOW - timedelta(minutes=10)
    calls = [
        make_priced(project.id, at=at, cost="0.25", user_id="ann"),
        make_priced(project.id, at=at, cost="0.5", user_id="bob", model="gpt-5"),
        make_priced(project.id, at=at, cost=None, user_id="bob"),
    ]
    write(store(), calls, token=uuid.uuid4().hex)

    for stretch in ({}, {"since": (NOW - timedelta(hours=2)).isoformat()}):
        usage = app.get("usage", **stretch).json()
        assert (usage["totals"]["calls"], usage["totals"]["unpriced"]) == (3, 1)
        assert usage["totals"]["cost_usd"] == "0.750000000"
        assert usage["totals"]["duration"]["p50"] == 1_500_000
        assert [(row["name"], row["cost_usd"]) for row in usage["data"]] == [
            ("gpt-5", "0.500000000"),
            ("gpt-4o", "0.250000000"),
        ]
    by_user = app.get("usage", by="user_id").json()["data"]
    assert [(row["name"], row["calls"]) for row in by_user] == [("bob", 2), ("ann", 1)]


def test_prompts_are_listed_by_version(app: App, recorded: Recorded) -> None:
    (prompt,) = app.get("prompts").json()["data"]

    assert (prompt["name"], prompt["version"], prompt["calls"]) == ("greet", "2", 1)


@pytest.mark.parametrize(
    ("noun", "parameter", "value"),
    [
        ("traces", "limit", "0"),
        ("traces", "limit", "201"),
        ("traces", "limit", "many"),
        ("traces", "since", "yesterday"),
        ("traces", "since", "2999-01-01T00:00:00Z"),
        ("traces", "since", "1999-01-01T00:00:00Z"),
        ("traces", "until", "0001-01-01T00:00:00Z"),
        ("traces", "cursor", "mine"),
        ("traces", "cursor", "99999999999999999-abc"),
        ("spans", "cursor", "OTk5OTk5OTk5OTk5OTk5OTkgYWJj"),
        ("traces", "min_cost_usd", "-1"),
        ("traces", "min_duration_us", "1.5"),
        ("traces", "text", "x" * 501),
        ("traces", "modle", "gpt-4o"),
        ("spans", "cursor", "bWluZQ"),
        ("spans", "trace_id", "zz"),
        ("scores", "state", "good"),
        ("scores", "at_most", "high"),
        ("usage", "by", "colour"),
        ("prompts", "offset", "-1"),
        ("guard-events", "action", "shout"),
        ("guard-events", "only_findings", "perhaps"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_the_name_of_the_parameter(
    app: App, noun: str, parameter: str, value: str
) -> None:
    answer = app.get(noun, **{parameter: value})

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [parameter]


def test_every_mistake_is_named_at_once(app: App) -> None:
    answer = app.get("traces", limit="x", colour="red")

    assert sorted(answer.json()["error"]["fields"]) == ["colour", "limit"]


@pytest.mark.parametrize("value", ["'; DROP TABLE spans; --", "\\", "%00", "☃", "{x:String}", "\t"])
def test_no_filter_value_breaks_a_query(app: App, value: str) -> None:
    answers = [app.get("traces", text=value), app.get("traces", model=value), app.get("spans", user_id=value)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_the_schema_describes_every_operation(app: App, owner_client: Client) -> None:
    document = owner_client.get("/api/schema").json()

    operations = {op["operationId"] for methods in document["paths"].values() for op in methods.values()}
    assert operations == {
        "list_traces",
        "read_trace",
        "list_spans",
        "read_span",
        "create_dataset",
        "decide_escalation",
        "reveal_values",
        "revoke_escalation",
        "list_datasets",
        "list_experiments",
        "list_items",
        "list_versions",
        "read_dataset",
        "read_experiment",
        "save_items",
        "list_backtests",
        "start_backtest",
        "read_backtest",
        "stop_backtest",
        "list_scores",
        "give_score",
        "read_usage",
        "list_prompts",
        "list_guard_events",
        "list_escalations",
        "read_escalation",
        "forget_conversation",
    }


def test_the_documentation_is_a_page_without_a_script_of_its_own(owner_client: Client) -> None:
    page = owner_client.get("/api/docs").content.decode()

    assert "GET /api/v1/traces" in page
    assert "next_cursor" in page
    assert "<script>" not in page
    assert "style=" not in page
