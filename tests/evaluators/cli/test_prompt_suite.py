"""A change of a prompt, tried against an OpenAI-compatible endpoint and decided."""

import hashlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evaluators import trials
from tests.evaluators.cli.command import parapet, started
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_error, as_json, completion

SUITE = """
suite: capitals
target:
  prompt: {{model: fake-model}}
  arms:
    baseline: {{system: "Name the city.", prompt: "Capital of {{{{ inputs.country }}}}?"}}
    candidate: {{system: "{candidate}", prompt: "Capital of {{{{ inputs.country }}}}?"}}
cases: {{file: cases.jsonl}}
trials: 1..3
evaluators:
  - contains: {{id: right, value: "{{{{ expected }}}}"}}
  - rubric: {{id: polite, question: "Is the answer polite?"}}
judges: {{main: {{model: judge-model}}}}
gate:
  right: {{margin: 5pt}}
  {gate}
concurrency: 16
"""
TRUSTED = "polite: {margin: 5pt, trust: assume}"


def answer(request: Received) -> Reply:
    """Know nine capitals of ten, and forget half of them when told to be vague."""
    body = request.json
    if body["model"] == "judge-model":
        return as_json(completion("A", model="judge-model", usage={"cost": 0.0001}))
    system, user = (message["content"] for message in body["messages"])
    country = user.removeprefix("Capital of ").removesuffix("?")
    luck = hashlib.sha256(user.encode()).digest()[0]
    knows = luck % 10 != 0 and ("vague" not in system or luck % 2 == 0)
    return as_json(completion(f"It is {country}-city." if knows else "Who knows?", usage={"cost": 0.001}))


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(default=answer) as upstream:
        yield upstream


def suite(
    folder: Path, *, candidate: str = "Name the city, please.", gate: str = TRUSTED, cases: int = 120
) -> str:
    rows = [
        {"id": f"c{i}", "inputs": {"country": f"land{i}"}, "expected": f"land{i}-city"} for i in range(cases)
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "suite.yaml").write_text(SUITE.format(candidate=candidate, gate=gate))
    return "suite.yaml"


def access(upstream: FakeUpstream) -> dict[str, str]:
    return {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-test"}


def test_a_harmless_change_passes(tmp_path: Path, upstream: FakeUpstream) -> None:
    run = parapet(tmp_path, "eval", "run", suite(tmp_path), "-o", "json", **access(upstream))
    findings = {finding["metric"]: finding for finding in run.json["decision"]["findings"]}

    assert (run.code, run.json["decision"]["state"]) == (0, "PASS")
    assert findings["right"]["candidate"] == pytest.approx(0.9, abs=0.05)
    assert findings["polite"]["candidate"] == 1
    assert run.json["cost_usd"] > 0.1
    assert "PASS  every gated metric passes." in run.err


def test_a_broken_prompt_fails_and_the_run_can_be_judged_again(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    broken = suite(tmp_path, candidate="Be vague.")
    run = parapet(tmp_path, "eval", "run", broken, "-o", "junit", **access(upstream))
    report = ElementTree.fromstring(run.out)
    asked = len(upstream.requests)
    again = parapet(tmp_path, "eval", "gate", "--margin", "right=1pt", "-o", "md")
    lenient = parapet(tmp_path, "eval", "gate", "--margin", "right=99pt", "-o", "json")
    shown = parapet(tmp_path, "eval", "show", "latest", "--case", "c1", "-o", "json")

    assert run.code == 1
    assert report.find("testsuite").get("failures") == "1"  # type: ignore[union-attr]
    assert "FAIL  right: worse than the baseline." in run.err
    assert again.code == 1
    assert again.out.startswith("### ❌ FAIL")
    assert lenient.json["decision"]["findings"][0]["reason"] == "worse, but within the margin"
    assert {row["arm"] for row in shown.json} == {"baseline", "candidate"}
    assert len(upstream.requests) == asked


def test_too_few_cases_are_inconclusive_and_the_suite_says_what_follows(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    small = suite(tmp_path, cases=8)
    warned = parapet(tmp_path, "eval", "run", small, **access(upstream))
    path = tmp_path / small
    path.write_text(path.read_text() + "inconclusive: exit\n")
    strict = parapet(tmp_path, "eval", "run", small, **access(upstream))

    assert (warned.code, strict.code) == (0, 6)
    assert "INCONCLUSIVE" in warned.err
    assert "with this warning" in warned.err
    assert warned.out == ""


def test_a_judge_nobody_compared_with_people_cannot_decide(tmp_path: Path, upstream: FakeUpstream) -> None:
    run = parapet(
        tmp_path, "eval", "run", suite(tmp_path, gate="polite: {margin: 5pt}", cases=20), **access(upstream)
    )
    assert run.code == 0
    assert "untrusted judge: uncalibrated" in run.err


def test_a_judge_that_fails_is_an_error_and_no_pass(tmp_path: Path, upstream: FakeUpstream) -> None:
    def judge_is_down(request: Received) -> Reply:
        return as_error(401) if request.json["model"] == "judge-model" else answer(request)

    upstream.always(judge_is_down)
    run = parapet(tmp_path, "eval", "run", suite(tmp_path, cases=30), "-o", "json", **access(upstream))
    assert run.code == 3
    assert "could not be scored" in run.json["decision"]["reason"]


def test_a_target_that_fails_is_given_up_after_a_few_answers(tmp_path: Path, upstream: FakeUpstream) -> None:
    upstream.always(as_error(401))
    run = parapet(tmp_path, "eval", "run", suite(tmp_path), **access(upstream))
    assert run.code == 3
    assert "gave up" in run.err
    assert len(upstream.requests) < 60


def test_a_cost_cap_stops_the_run_with_what_it_learned(tmp_path: Path, upstream: FakeUpstream) -> None:
    run = parapet(
        tmp_path, "eval", "run", suite(tmp_path), "--max-cost", "0.05", "-o", "json", **access(upstream)
    )
    assert (run.code, run.json["stop"]) == (2, "cost")
    assert 0.05 <= run.json["cost_usd"] < 0.09


def test_equal_answers_are_judged_once(tmp_path: Path, upstream: FakeUpstream) -> None:
    parapet(tmp_path, "eval", "run", suite(tmp_path, cases=10), "--trials", "1", **access(upstream))
    parapet(tmp_path, "eval", "run", "suite.yaml", "--trials", "1", **access(upstream))
    judged = [request for request in upstream.requests if request.json["model"] == "judge-model"]
    assert len(upstream.requests) - len(judged) == 40
    # One answer in twenty is judged once more, to know the judge's own mood.
    assert 10 <= len(judged) <= 12


def test_a_run_killed_in_the_middle_carries_on(tmp_path: Path, upstream: FakeUpstream) -> None:
    def slowly(request: Received) -> Reply:
        reply = answer(request)
        return Reply(headers=reply.headers, pieces=reply.pieces, delay_s=0.02)

    upstream.always(slowly)
    process = started(tmp_path, "eval", "run", suite(tmp_path), "--trials", "2", **access(upstream))
    deadline = time.monotonic() + 30
    while len(upstream.requests) < 150 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    asked_before = len([r for r in upstream.requests if r.json["model"] == "fake-model"])

    upstream.always(answer)
    resumed = parapet(
        tmp_path, "eval", "run", "suite.yaml", "--trials", "2", "--resume", "-o", "json", **access(upstream)
    )
    asked = len([r for r in upstream.requests if r.json["model"] == "fake-model"])
    log = trials.read(trials.find(tmp_path / "home" / "evals", "latest"))

    assert 40 < asked_before < 480
    assert resumed.code == 0
    assert len(log.answers) == 480
    assert len(log.scores) == 960
    # What was under way when the process died is asked again, and nothing else.
    assert 480 <= asked <= 480 + 16


def test_ctrl_c_keeps_what_came(tmp_path: Path, upstream: FakeUpstream) -> None:
    def slowly(request: Received) -> Reply:
        return Reply(headers=answer(request).headers, pieces=answer(request).pieces, delay_s=0.05)

    upstream.always(slowly)
    process = started(tmp_path, "eval", "run", suite(tmp_path), **access(upstream))
    deadline = time.monotonic() + 30
    while len(upstream.requests) < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "interrupted; `--resume` carries on" in err
    assert "Traceback" not in err


def test_the_credentials_of_a_running_parapet_are_found(tmp_path: Path, upstream: FakeUpstream) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "credentials.json").write_text(
        json.dumps({"proxy_url": upstream.url, "api_key": "pk_local"})
    )
    run = parapet(tmp_path, "eval", "run", suite(tmp_path, cases=2), "--trials", "1")
    assert run.code == 0
    assert upstream.requests[0].headers["authorization"] == "Bearer pk_local"


def test_a_key_never_goes_to_an_endpoint_only_the_suite_names(tmp_path: Path, upstream: FakeUpstream) -> None:
    path = tmp_path / suite(tmp_path, cases=2)
    path.write_text(path.read_text().replace("-model}", f"-model, base_url: {upstream.url}}}"))
    parapet(
        tmp_path,
        "eval",
        "run",
        path.name,
        OPENAI_BASE_URL="http://127.0.0.1:9/v1",
        OPENAI_API_KEY="sk-secret",
    )
    assert upstream.requests
    assert all("authorization" not in request.headers for request in upstream.requests)
