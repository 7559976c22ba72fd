"""The list of traces and a trace: doors, filters, live rows, and text that stays text whatever it says."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from console.accounts.models import Project
from console.store import store
from ingest.records import Record
from ingest.writer import write
from tests.makers import make_event, make_score, make_span

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("traced")]
RECENTLY = datetime.now(UTC) - timedelta(minutes=2)
HTMX = {"HX-Request": "true"}

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</textarea></title></script><script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "![x](https://tracker.example/p.png) [y](javascript:alert(1))",
    "{{ 7|add:7 }}{% debug %}",
    '<iframe srcdoc="<script>alert(1)</script>">',
    "<style>*{display:none}</style>",
    '" hx-get="/steal" hx-trigger="load',
    "\u202eright to left\u202c",
]


def stored(*records: Record) -> None:
    write(store(), list(records), token=uuid.uuid4().hex)


def words(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def test_owner_and_teammate_see_traces_and_a_stranger_finds_none(
    project: Project, owner_client: Client, teammate_client: Client, stranger_client: Client
) -> None:
    span = make_span(project.id, at=RECENTLY)
    stored(span)
    addresses = [f"/p/{project.slug}/traces/", f"/p/{project.slug}/traces/{span.trace_id}/"]

    assert [owner_client.get(address).status_code for address in addresses] == [200, 200]
    assert [teammate_client.get(address).status_code for address in addresses] == [200, 200]
    assert [stranger_client.get(address).status_code for address in addresses] == [404, 404]


def test_a_trace_of_another_project_does_not_exist_here(stranger_client: Client, project: Project) -> None:
    span = make_span(project.id, at=RECENTLY)
    stored(span)

    answer = stranger_client.get(f"/p/elsewhere/traces/{span.trace_id}/")

    assert answer.status_code == 404
    assert b"What is the capital of France?" not in answer.content


def test_a_row_says_what_was_asked_answered_and_used(project: Project, owner_client: Client) -> None:
    span = make_span(project.id, at=RECENTLY, user_id="ada", guard_action="mask", ttft_us=120_000)
    stored(
        span, make_score(project.id, at=RECENTLY, trace_id=span.trace_id, span_id=span.span_id, value=0.875)
    )

    page = words(owner_client.get(f"/p/{project.slug}/traces/").content)

    for said in (
        "What is the capital of France?",
        "Paris",
        "gpt-4o",
        "1.50 s",
        "120 ms",
        "100 / 20",
        "unknown",
        "mask",
        "ada",
    ):
        assert said in page
    assert "helpfulness 0.88" in page


def test_filters_stand_in_the_address_and_as_chips(project: Project, owner_client: Client) -> None:
    stored(
        make_span(project.id, at=RECENTLY, user_id="ada"), make_span(project.id, at=RECENTLY, user_id="bob")
    )

    page = owner_client.get(f"/p/{project.slug}/traces/?range=1h&user=ada")

    assert page.content.count(b'<tr data-row id="r-') == 1
    assert b'href="?range=1h" aria-label="Remove the filter user ada"' in page.content


def test_words_are_found_in_messages(project: Project, owner_client: Client) -> None:
    stored(
        make_span(
            project.id, at=RECENTLY, input_messages=[{"role": "user", "content": "mind the portcullis"}]
        )
    )

    found = owner_client.get(f"/p/{project.slug}/traces/?q=Portcullis")
    not_found = owner_client.get(f"/p/{project.slug}/traces/?q=drawbridge")

    assert "mind the portcullis" in words(found.content)
    assert "Nothing matches" in words(not_found.content)


def test_older_traces_are_a_link_away(project: Project, owner_client: Client) -> None:
    stored(
        *(make_span(project.id, at=RECENTLY - timedelta(seconds=n), name=f"call-{n:03}") for n in range(70))
    )

    first = owner_client.get(f"/p/{project.slug}/traces/")
    older = re.search(r'href="([^"]+)" rel="next"', first.content.decode())
    assert older
    second = owner_client.get(older[1].replace("&amp;", "&"))

    assert b"call-049" in first.content
    assert b"call-050" not in first.content
    assert b"call-050" in second.content
    assert b"call-069" in second.content
    assert b'rel="next"' not in second.content


def test_live_rows_come_alone_and_only_when_something_is_new(project: Project, owner_client: Client) -> None:
    stored(make_span(project.id, at=RECENTLY))
    page = owner_client.get(f"/p/{project.slug}/traces/?live=1").content.decode()
    poll = re.search(r'<tbody id="rows" hx-get="([^"]+)" hx-trigger="every 3s"', page)
    assert poll
    address = poll[1].replace("&amp;", "&")

    quiet = owner_client.get(address, headers=HTMX)
    stored(make_span(project.id, at=RECENTLY, name="the new one"))
    busy = owner_client.get(address, headers=HTMX)

    assert quiet.status_code == 204
    assert busy.content.strip().startswith(b'<tbody id="rows"')
    assert b"the new one" in busy.content
    assert b"<html" not in busy.content


def test_going_back_in_the_browser_gets_a_whole_page(project: Project, owner_client: Client) -> None:
    answer = owner_client.get(
        f"/p/{project.slug}/traces/", headers=HTMX | {"HX-History-Restore-Request": "true"}
    )

    assert b"<html" in answer.content
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_project_without_traces_says_where_to_begin(project: Project, owner_client: Client) -> None:
    assert "No traces yet" in words(owner_client.get(f"/p/{project.slug}/traces/").content)


@pytest.mark.parametrize("query", ["status=odd", "min_ms=x", "cursor=1-zz", "from=x", "key=1", "user=%00"])
def test_an_address_that_makes_no_sense_is_explained(
    query: str, project: Project, owner_client: Client
) -> None:
    answer = owner_client.get(f"/p/{project.slug}/traces/?{query}")

    assert answer.status_code == 400
    assert "cannot be understood" in words(answer.content)


@pytest.mark.parametrize("trace_id", ["nothex", "a" * 65, "A" * 32, "%3Cscript%3E"])
def test_what_is_no_trace_id_is_not_looked_up(trace_id: str, project: Project, owner_client: Client) -> None:
    assert owner_client.get(f"/p/{project.slug}/traces/{trace_id}/").status_code == 404


def test_a_trace_that_has_not_arrived_yet_can_be_asked_for_again(
    project: Project, owner_client: Client
) -> None:
    answer = owner_client.get(f"/p/{project.slug}/traces/{'a' * 32}/")

    assert answer.status_code == 404
    assert "appears within a few seconds" in words(answer.content)


def test_a_trace_tells_the_story_of_a_call(project: Project, owner_client: Client) -> None:
    span = make_span(
        project.id, at=RECENTLY, overhead_us=700, guard_action="mask", attributes={"app.version": "4.12"}
    )
    stored(
        span,
        make_event(project.id, at=RECENTLY, trace_id=span.trace_id, span_id=span.span_id),
        make_score(
            project.id,
            trace_id=span.trace_id,
            span_id=span.span_id,
            state="unscored",
            value=None,
            reason="The judge did not answer.",
        ),
    )

    page = words(owner_client.get(f"/p/{project.slug}/traces/{span.trace_id}/").content)

    for said in ("Story of the call", "Guard personal data", "1 × EMAIL_ADDRESS", "700 µs in Parapet", "unscored",
                 "The judge did not answer.", "app.version 4.12", "What is the capital of France?", "Paris"):  # fmt: skip
        assert said in page


def test_a_span_of_an_agent_is_chosen_by_address_and_comes_alone_for_htmx(
    project: Project, owner_client: Client
) -> None:
    root = make_span(project.id, at=RECENTLY, kind="agent", name="agent", source="otlp", output_messages=[])
    tool = make_span(
        project.id, at=RECENTLY + timedelta(seconds=1), trace_id=root.trace_id, parent_span_id=root.span_id, kind="tool",
        name="look up", input_messages=[{"role": "input", "content": '{"city": "Ulm"}'}], output_messages=[],
    )  # fmt: skip
    stored(root, tool)
    address = f"/p/{project.slug}/traces/{root.trace_id}/?span={tool.span_id}"

    whole, part = owner_client.get(address), owner_client.get(address, headers=HTMX)

    assert whole.content.count(b'class="branch ') == 2
    assert b"&quot;city&quot;: &quot;Ulm&quot;" in part.content
    assert b"<html" not in part.content
    assert owner_client.get(f"/p/{project.slug}/traces/{root.trace_id}/?span={'e' * 16}").status_code == 404


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text_wherever_it_is_shown(
    hostile: str, project: Project, owner_client: Client
) -> None:
    span = make_span(
        project.id, at=RECENTLY, name=hostile, user_id=hostile, session_id=hostile, feature=hostile, model=hostile,
        provider=hostile, prompt_name=hostile, environment=hostile, tags=(hostile,), attributes={hostile: hostile},
        status="error", status_message=hostile, error_type=hostile, request={"metadata": hostile},
        input_messages=[{"role": "user", "content": hostile, "name": hostile, hostile: hostile}],
        output_messages=[
            {"role": "assistant", "content": [{"type": "text", "text": hostile}, {"type": "image_url", "image_url": {"url": hostile}}],
             "tool_calls": [{"id": hostile, "function": {"name": hostile, "arguments": hostile}}]},
        ],
    )  # fmt: skip
    stored(
        span,
        make_score(
            project.id,
            trace_id=span.trace_id,
            span_id=span.span_id,
            name=hostile,
            label=hostile,
            reason=hostile,
        ),
        make_event(
            project.id,
            at=RECENTLY,
            trace_id=span.trace_id,
            span_id=span.span_id,
            guard=hostile,
            entities={hostile: 1},
        ),
    )
    addresses = ["", "costs/?by=user", "costs/?by=model", "traces/", f"traces/{span.trace_id}/"]

    pages = [owner_client.get(f"/p/{project.slug}/{address}") for address in addresses]

    assert [page.status_code for page in pages] == [200] * 5
    everything = b"".join(page.content for page in pages).decode().lower()
    for raw in (
        "<script>alert",
        "<img",
        "<svg/onload",
        "<iframe",
        "<style",
        'href="javascript',
        'hx-get="/steal"',
        "<a href=javascript",
    ):
        assert raw not in everything
    assert "alert(1)" not in "".join(
        re.findall(r"<script(?![^>]*application/json)[^>]*>(.*?)</script>", everything)
    )


def test_no_page_carries_an_inline_style_or_handler(project: Project, owner_client: Client) -> None:
    span = make_span(project.id, at=RECENTLY)
    stored(span)

    for address in ("", "costs/", "traces/?live=1", f"traces/{span.trace_id}/"):
        page = owner_client.get(f"/p/{project.slug}/{address}").content.decode()
        assert not re.search(r"<[a-z][^>]*\s(style|on[a-z]+)\s*=", page)
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        assert (
            "unsafe"
            not in owner_client.get(f"/p/{project.slug}/{address}").headers["Content-Security-Policy"]
        )
