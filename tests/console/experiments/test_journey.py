"""From calls to a verdict: traffic, a dataset of it, an experiment that sends it again, and a gate that blocks the broken prompt alone."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from console.accounts.models import Project
from console.experiments.models import Experiment, State
from console.experiments.tasks import work
from ingest.clickhouse.client import Client as Store
from ingest.writer import write
from tests.console.experiments.conftest import finished
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, completion
from tests.makers import make_span

ORDERS = 60
NAMING = "Name the order number."


def follows_orders(request: Received) -> Reply:
    """Answer as a model does that repeats the order number when its instructions say so."""
    body = request.json
    order = re.search(r"#\d+", body["messages"][-1]["content"])
    says_it = "order number" in body["messages"][0]["content"]
    text = f"About order {order[0] if order else '?'}." if says_it else "All is well."
    return as_json(completion(text, model=body["model"]))


@pytest.mark.usefixtures("traced")
def test_a_broken_prompt_fails_and_a_harmless_one_does_not(
    owner_client: Client,
    project: Project,
    clickhouse: Store,
    models: FakeUpstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models.always(follows_orders)
    monkeypatch.setattr(work, "delay", lambda experiment_id: None)
    at = datetime.now(UTC) - timedelta(minutes=2)
    asked = [
        [
            {"role": "system", "content": NAMING},
            {"role": "user", "content": f"Where is parcel #{1000 + number}?"},
        ]
        for number in range(ORDERS)
    ]
    calls = [make_span(project.id, at=at, feature="parcels", input_messages=messages) for messages in asked]
    write(clickhouse, calls, token=uuid.uuid4().hex)

    traces = "/p/lighthouse/datasets/from-traces/?range=1h&feature=parcels"
    dataset = owner_client.post(traces, {"limit": 200, "how": "newest", "name": "parcels"})["Location"].split(
        "/"
    )[4]
    plan = owner_client.post("/p/lighthouse/experiments/new/", {"name": "shorter", "dataset": dataset})[
        "Location"
    ]
    for name, system in {
        "baseline": NAMING,
        "harmless": f"Always: {NAMING}".replace("Name", "the"),
        "broken": "Be brief.",
    }.items():
        arm = {"name": name, "system": system, "sends": "request", "model": "gpt-4o-mini"}
        assert owner_client.post(f"{plan}variant/", arm).status_code == 302
    check = {"name": "names the order", "p_pattern": r"#\d{4}", "decides": "compare", "margin": "10"}
    assert owner_client.post(f"{plan}evaluators/regex/", check).status_code == 302
    owner_client.post(f"{plan}act/", {"do": "start"})
    done = finished(Experiment.objects.get())
    pages = {
        name: owner_client.get(f"{plan}?candidate={name}").content.decode() for name in ("harmless", "broken")
    }

    assert done.state == State.DONE
    assert '<span class="badge ok">PASS</span> <strong>harmless</strong>' in pages["harmless"]
    assert '<span class="badge danger">FAIL</span> <strong>broken</strong>' in pages["broken"]
