"""From calls to a decision, on the embedded stores and on PostgreSQL, with several workers at once.

Calls become a dataset, three prompts are tried on it, the gate fails one and passes another, and the report and the suite are taken
elsewhere. What was planted on the way in is found nowhere but where somebody decided that it may be.
"""

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ingest.clickhouse.client import connect
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, completion
from tests.journeys.canaries import Canaries, everything_kept, everything_sent
from tests.journeys.instance import ROOT, Instance
from tests.journeys.test_canaries import Door

CALLS = 45
WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "islet")


@pytest.mark.timeout(900)
def test_calls_become_a_dataset_an_experiment_and_a_decision(
    instance: Instance, upstream: FakeUpstream
) -> None:
    upstream.always(repeating)
    door, mark = Door(instance), uuid.uuid4().hex[:8]
    for number in range(CALLS):
        said = {"role": "user", "content": f"Repeat: {WORDS[number % 9]} {WORDS[number // 9]}"}
        door.call("/chat/completions", {"messages": [said]}, **{"x-parapet-feature": mark})
    wait_for_calls(instance, mark)
    home = f"/p/{door.told.project}"
    dataset = door.fill_in(
        f"{home}/datasets/from-traces/?scope=calls&range=1h&feature={mark}",
        limit="100", how="newest", with_answer="on", tags="real", dataset="", name=f"calls {mark}",
    )  # fmt: skip
    with more_workers(instance):
        page = tried(
            door,
            dataset,
            name=f"journey {mark}",
            variants={"as it was": {}, "mute": {"system": "Say nothing."}, "kind": {"system": "Be kind."}},
            evaluators={"contains": {"p_value": "{{ expected }}"}},
        )
    verdicts = {name: decided(door, page, name) for name in ("mute", "kind")}

    assert {name: found["decision"]["state"] for name, found in verdicts.items()} == {
        "mute": "FAIL",
        "kind": "PASS",
    }
    assert verdicts["mute"]["cases"] == CALLS
    assert len(asked_for(upstream)) == 3 * CALLS
    exported = {form: door.read(f"{page}export/{form}/?candidate=mute") for form in EXPORTS}
    assert b"FAIL" in exported["markdown"]
    assert b"<html" in exported["html"].lower()
    assert exported["suite"].startswith(b"# yaml-language-server")
    assert len(exported["cases"].splitlines()) == CALLS


@pytest.mark.timeout(900)
def test_planted_values_in_files_items_and_experiments_are_found_nowhere(
    instance: Instance, upstream: FakeUpstream
) -> None:
    canaries, given = Canaries(), Canaries()
    upstream.always(lambda request: telling(request, canaries))
    door = Door(instance)
    home = f"/p/{door.told.project}"
    page = tried(
        door,
        planted_dataset(door, canaries),
        name=f"tried {canaries.email('the name of an experiment')}",
        variants={
            "one": {"prompt": f"{{{{ inputs.question }}}} {canaries.text('the prompt of a variant')}"},
            "two": {"prompt": "speak up", "system": canaries.text("the system prompt of a variant")},
        },
        evaluators={
            "contains": {"p_value": canaries.email("a parameter of an evaluator")},
            "rubric": {"p_question": canaries.text("the question of a judge"), "judge_model": "gpt-4o-mini"},
        },
    )
    kept_as_given = tried(
        door,
        given_dataset(door, given),
        name="as given",
        variants={"one": {"prompt": "{{ inputs.question }}"}},
        evaluators={"rubric": {"p_question": "Is it polite?", "judge_model": "gpt-4o-mini"}},
    )
    read = [(form, door.read(f"{page}export/{form}/")) for form in EXPORTS]
    read += [("the page", door.read(page)), ("datasets", door.read(f"{home}/datasets/"))]
    read += [("the report of what was kept", door.read(f"{kept_as_given}export/json/"))]

    assert len(canaries.planted) > 60
    assert canaries.found_in([*read, *everything_kept(instance), *everything_sent(upstream)]) == []
    assert given.found_in([*read, *everything_sent(upstream)]) == []
    elsewhere = [held for held in everything_kept(instance) if not is_relational(held[0])]
    assert given.found_in(elsewhere) == []
    assert given.found_in(everything_kept(instance)) != []
    answers = answers_of(instance, door, kept_as_given)
    assert answers
    assert given.found_in([("an answer", json.dumps(answers).encode())]) == []


EXPORTS = ("markdown", "json", "html", "suite", "cases")
_ANSWER = re.compile(rb'<pre class="code">(.*?)</pre>', re.DOTALL)


def tried(
    door: Door,
    dataset: str,
    *,
    name: str,
    variants: dict[str, dict[str, str]],
    evaluators: dict[str, dict[str, str]],
) -> str:
    """Plan an experiment on a dataset's page, run it, and return its page once it is done."""
    home = f"/p/{door.told.project}/experiments/"
    page = door.fill_in(f"{home}new/", name=name[:64], dataset=dataset.split("/")[-2], split="", tag="")
    for variant, fields in variants.items():
        sends = "prompt" if "prompt" in fields else "request"
        settings = {"name": variant, "sends": sends, "model": "gpt-4o-mini", "parameters": "{}"}
        assert door.fill_in(f"{page}variant/", **settings | fields) == page
    for kind, fields in evaluators.items():
        asked = {"name": kind, "decides": "compare", "margin": "10", "trust": "on"}
        assert door.fill_in(f"{page}evaluators/{kind}/", **asked | fields) == page
    options = {"trials": "1", "cost_cap_usd": "", "concurrency": "8", "estimand": "population"}
    assert door.fill_in(page, to="edit/", do="options", **options) == page
    assert door.fill_in(page, to="act/", do="start") == page
    found: dict[str, Any] = {}
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and found.get("state") != "done":
        found = json.loads(door.read(f"/api/v1/experiments/{page.split('/')[-2]}"))
        assert found.get("state") in ("running", "done"), found
        time.sleep(1)
    assert found["state"] == "done", found
    return page


def decided(door: Door, page: str, candidate: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(door.read(f"{page}export/json/?candidate={candidate}"))
    return report


def planted_dataset(door: Door, canaries: Canaries) -> str:
    """Plant in everything that goes into a dataset, by hand, by file and by program; return its page."""
    home = f"/p/{door.told.project}/datasets/"
    page = door.fill_in(
        f"{home}new/",
        name=f"of {canaries.email('the name of a dataset')}",
        description=canaries.text("the description of a dataset"),
        schema=json.dumps({"description": canaries.text("the schema of a dataset")}),
    )
    door.fill_in(f"{page}new-item/", **typed(canaries, "an item by hand"))
    rows = "".join(
        f'"{canaries.text("a row of a file")}","{canaries.text("an answer in a file")}"\n' for _ in range(3)
    )
    head = f'question,expected,"{canaries.email("a column of a file")}"\n'
    file = head + rows.replace('"\n', '",x\n') + f"broken,{canaries.text('a row that cannot be read')}\n"
    preview = door.upload(page, f"{canaries.email('the name of a file')}.csv", file.encode())
    assert canaries.found_in([("the preview", door.read(preview))]) == []
    door.fill_in(preview, **{"put-in": "1", "without-wrong": "on"})
    item = {
        "inputs": {"question": canaries.text("an item of a program"), canaries.email("a key of an item"): 1},
        "tags": [canaries.email("a tag")],
        "metadata": {"by": [canaries.text("metadata of a program")]},
        "context": [canaries.text("a document")],
    }
    note = f"by {canaries.email('the note of a program')}"
    sent = door.send(
        f"{door.told.console_url}/api/v1/datasets/{page.split('/')[-2]}/items",
        {"items": [item], "note": note},
    )
    assert b'"added":1' in sent.replace(b" ", b""), sent
    return page


def given_dataset(door: Door, given: Canaries) -> str:
    """Have an item stored as given; return the dataset's page."""
    page = door.fill_in(f"/p/{door.told.project}/datasets/new/", name="as given", schema="{}")
    door.fill_in(f"{page}new-item/", as_given="on", **typed(given, "an item stored as given"))
    return page


def typed(canaries: Canaries, where: str) -> dict[str, str]:
    return {
        "inputs": json.dumps({"question": canaries.text(f"the question of {where}")}),
        "expected": canaries.text(f"the answer of {where}"),
        "metadata": json.dumps({"note": canaries.text(f"metadata of {where}")}),
        "context": canaries.text(f"a document of {where}"),
        "cluster": canaries.email(f"the cluster of {where}"),
        "split": "test",
        "note": f"by {canaries.email(f'the note of {where}')}",
    }


def answers_of(instance: Instance, door: Door, page: str) -> list[str]:
    """Return what a page of a case shows of answers and judgements."""
    cases = [json.loads(line)["id"] for line in door.read(f"{page}export/cases/").splitlines()]
    shown = [door.read(f"{page}cases/{case}/").split(b"<h2>one</h2>")[1] for case in cases]
    return [answer.decode() for page_of in shown for answer in _ANSWER.findall(page_of)]


def is_relational(name: str) -> bool:
    return name.startswith(("console.sqlite3", "PostgreSQL: "))


def wait_for_calls(instance: Instance, feature: str) -> None:
    store, deadline = connect(instance.told["PARAPET_CLICKHOUSE_URL"]), time.monotonic() + 60
    count = 0
    while count < CALLS and time.monotonic() < deadline:
        query = "SELECT count() FROM spans WHERE feature = {feature:String}"
        count = store.query(query, {"feature": feature}).result_rows[0][0]
        time.sleep(0.5)
    store.close()
    assert count == CALLS


@contextmanager
def more_workers(instance: Instance) -> Iterator[None]:
    """Run two more workers beside the installation's own: each trial is still answered once."""
    command = [sys.executable, "-m", "celery", "-A", "console.celery", "--quiet", "worker",
               "--queues", "default,evals", "--concurrency", "2", "--without-mingle", "--without-gossip"]  # fmt: skip
    told = instance.environment | instance.told | {"DJANGO_SETTINGS_MODULE": "console.settings.base"}
    workers = [
        subprocess.Popen(
            [*command, "--hostname", f"more{number}@%h"], cwd=ROOT, env=told, stdout=subprocess.DEVNULL
        )
        for number in range(2)
    ]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(30)


def asked_for(upstream: FakeUpstream) -> list[Received]:
    """Return the calls that experiments made."""
    return [request for request in upstream.requests if request.json["messages"][0]["role"] != "skip"][CALLS:]


def repeating(request: Received) -> Reply:
    """Say what is asked for, unless told to say nothing."""
    messages = request.json["messages"]
    said = str(messages[-1]["content"]).removeprefix("Repeat: ")
    is_mute = messages[0]["content"] == "Say nothing."
    return as_json(completion("…" if is_mute else said, model="gpt-4o-mini"))


def telling(request: Received, canaries: Canaries) -> Reply:
    """Say back what is asked, and now and then what nobody said."""
    said = str(request.json["messages"][-1]["content"])
    if said == "speak up":
        said = canaries.text("what a model made up for an experiment")
    return as_json(completion(said, model="gpt-4o-mini"))
