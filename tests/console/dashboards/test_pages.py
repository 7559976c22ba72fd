"""The Overview and the Costs: who may see them, what they say, and what they say when there is nothing to say."""

import csv
import io
import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import Settings

from console.accounts.actions import IssuedKey
from console.accounts.models import Project, User
from console.dashboards.costs import as_text
from console.store import store
from ingest.records import Price, PricedSpan, Span
from ingest.writer import write
from tests.makers import make_span

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("traced")]
RECENTLY = datetime.now(UTC) - timedelta(minutes=2)
PAGES = ["", "costs/"]


def stored(*spans: Span, usd: str | None = "0.125") -> None:
    price = usd and Price(
        cost_usd=Decimal(usd), input_cost_usd=Decimal(usd), output_cost_usd=Decimal(0), source="reported"
    )
    write(
        store(),
        [PricedSpan(span=span, price=price) if price else span for span in spans],
        token=uuid.uuid4().hex,
    )


def words(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


@pytest.mark.parametrize("page", PAGES)
def test_owner_and_teammate_see_a_page_and_a_stranger_finds_none(
    page: str, project: Project, owner_client: Client, teammate_client: Client, stranger_client: Client
) -> None:
    stored(make_span(project.id, at=RECENTLY))
    address = f"/p/{project.slug}/{page}"

    assert owner_client.get(address).status_code == 200
    assert teammate_client.get(address).status_code == 200
    assert stranger_client.get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_the_door_leads_to_a_project_of_ones_own(owner_client: Client, project: Project) -> None:
    assert owner_client.get("/").headers["Location"] == f"/p/{project.slug}/"


def test_somebody_without_a_project_is_told_what_to_do(db: None) -> None:
    client = Client()
    client.force_login(
        User.objects.create_user(email="new@example.com"),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )

    assert "You belong to no project yet" in words(client.get("/").content)


def test_a_project_without_traces_shows_how_to_send_one(owner_client: Client, project: Project) -> None:
    page = owner_client.get(f"/p/{project.slug}/")

    assert "Send the first call" in words(page.content)
    assert b"base_url=" in page.content


def test_the_page_that_waits_for_a_first_trace_reloads_when_it_has_come(
    owner_client: Client, project: Project
) -> None:
    address = f"/p/{project.slug}/"
    before = owner_client.get(address, headers={"HX-Request": "true"})
    stored(make_span(project.id, at=RECENTLY))
    after = owner_client.get(address, headers={"HX-Request": "true"})

    assert (before.status_code, before.headers.get("HX-Refresh")) == (204, None)
    assert (after.status_code, after.headers.get("HX-Refresh")) == (204, "true")


def test_the_overview_sums_up_and_refreshes_itself(owner_client: Client, project: Project) -> None:
    stored(*(make_span(project.id, at=RECENTLY, feature="search", user_id="ada") for _ in range(3)))
    address = f"/p/{project.slug}/?range=1h"

    whole = owner_client.get(address)
    part = owner_client.get(address, headers={"HX-Request": "true", "HX-Target": "overview"})

    assert "Model calls 3" in words(whole.content)
    assert "$0.375" in words(whole.content)
    assert b"<html" not in part.content
    assert "Model calls 3" in words(part.content)
    assert b'id="chart-traffic" type="application/json"' in part.content


def test_calls_of_unknown_cost_are_named_as_work_to_do(owner_client: Client, project: Project) -> None:
    stored(make_span(project.id, at=RECENTLY, model="house-7b"), usd=None)

    page = words(owner_client.get(f"/p/{project.slug}/?range=1h").content)

    assert "1 answered call of unknown cost." in page
    assert "house-7b : 1 call, no price is known" in page
    assert "Cost unknown" in page


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", ["range=9y", "from=never", "from=2026-01-02T00:00&to=2026-01-01T00:00"])
def test_an_address_that_makes_no_sense_is_explained(
    page: str, query: str, owner_client: Client, project: Project
) -> None:
    answer = owner_client.get(f"/p/{project.slug}/{page}?{query}")

    assert answer.status_code == 400
    assert "cannot be understood" in words(answer.content)


def test_an_unknown_cut_of_the_bill_is_refused(owner_client: Client, project: Project) -> None:
    answer = owner_client.get(f"/p/{project.slug}/costs/?by=<script>alert(1)</script>")

    assert answer.status_code == 400
    assert b"<script>alert" not in answer.content


@pytest.mark.parametrize(
    ("by", "label"),
    [("model", "gpt-4o"), ("feature", "search"), ("user", "ada"), ("prompt", "greet"), ("environment", "production"), ("key", "app …")],
)  # fmt: skip
@pytest.mark.parametrize("length", ["24h", "30d"])
def test_the_bill_can_be_cut_every_way(
    by: str, label: str, length: str, owner_client: Client, project: Project, issued_key: IssuedKey
) -> None:
    stored(
        make_span(
            project.id,
            at=RECENTLY,
            feature="search",
            user_id="ada",
            prompt_name="greet",
            api_key_id=issued_key.key.id,
        )
    )

    page = words(owner_client.get(f"/p/{project.slug}/costs/?by={by}&range={length}").content)

    assert label in page
    assert "$0.125" in page


def test_a_cost_that_is_not_known_is_never_zero(owner_client: Client, project: Project) -> None:
    stored(make_span(project.id, at=RECENTLY, model="house-7b"), usd=None)
    stored(make_span(project.id, at=RECENTLY, model="mixed"))
    stored(make_span(project.id, at=RECENTLY, model="mixed"), usd=None)

    page = words(owner_client.get(f"/p/{project.slug}/costs/?range=1h").content)
    rows = list(csv.DictReader(io.StringIO(
        owner_client.get(f"/p/{project.slug}/costs/?range=1h&format=csv").content.decode())))  # fmt: skip

    assert "house-7b 1 100 0 20 – unknown" in page
    assert "mixed 2 200 0 40 $0.125 $0.125 + 1 unpriced" in page
    assert {row["model"]: (row["cost_usd"], row["unpriced_calls"]) for row in rows} == {
        "mixed": ("0.125000000", "1"),
        "house-7b": ("", "1"),
    }


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("http://x","y")', "＝1"]
)
def test_a_name_cannot_become_a_formula(cell: str, owner_client: Client, project: Project) -> None:
    stored(make_span(project.id, at=RECENTLY, user_id=cell))

    answer = owner_client.get(f"/p/{project.slug}/costs/?by=user&range=1h&format=csv")

    [row] = csv.DictReader(io.StringIO(answer.content.decode(), newline=""))
    assert row["user"] == f"'{cell}"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert as_text("mara.lindqvist@example.com") == "mara.lindqvist@example.com"


@pytest.mark.parametrize("page", [*PAGES, "traces/", f"traces/{'a' * 32}/"])
def test_without_the_store_pages_say_so_calmly(
    page: str, owner_client: Client, project: Project, settings: Settings
) -> None:
    settings.CLICKHOUSE_URL = "http://127.0.0.1:9/parapet"
    store.cache_clear()

    whole = owner_client.get(f"/p/{project.slug}/{page}")
    part = owner_client.get(f"/p/{project.slug}/{page}", headers={"HX-Request": "true"})

    assert (whole.status_code, part.status_code) == (503, 503)
    assert whole.headers["Retry-After"] == "5"
    assert "The trace store does not answer" in words(whole.content)
    assert b"<html" not in part.content


def test_times_are_shown_in_the_projects_zone(owner_client: Client, project: Project) -> None:
    project.time_zone = "Asia/Tokyo"
    project.save()
    stored(make_span(project.id, at=RECENTLY))

    page = words(owner_client.get(f"/p/{project.slug}/").content)

    assert "Times in Asia/Tokyo" in page
