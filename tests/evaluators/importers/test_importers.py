"""Other tools' files become suites that load and run, and what was left behind is said."""

import importlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from evaluators.errors import SuiteError
from evaluators.importers import read
from tests.evaluators.cli.command import Finished, parapet
from tests.fakes.upstream import FakeUpstream, as_json, completion

PROMPTFOO = """
description: Capital cities
prompts:
  - "Name the capital of {{country}}."
  - file://second.txt
providers: [{id: "openai:chat:gpt-4o-mini", config: {temperature: 0}}]
defaultTest:
  assert:
    - {type: latency, threshold: 5000}
    - {type: not-icontains, value: "as an AI"}
tests:
  - vars: {country: France}
    assert:
      - {type: icontains, value: paris}
      - {type: llm-rubric, value: "Is polite."}
  - vars: {country: Japan}
    assert:
      - {type: icontains, value: tokyo, weight: 2}
      - {type: javascript, value: "output.length < 10"}
  - vars: {country: Peru}
    options: {prefix: x}
    assert:
      - {type: contains-any, value: "Lima, Ciudad de los Reyes"}
scenarios: []
"""


@pytest.fixture
def promptfoo(tmp_path: Path) -> Path:
    (tmp_path / "second.txt").write_text("{{ country }}: its capital?\n")
    path = tmp_path / "promptfooconfig.yaml"
    path.write_text(PROMPTFOO)
    return path


def stored(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def imported(folder: Path, name: str, *arguments: str) -> Finished:
    return parapet(folder, "eval", "import", name, "evals", "-o", "json", *arguments)


def test_a_promptfoo_configuration_becomes_a_suite_that_runs(promptfoo: Path) -> None:
    folder = promptfoo.parent
    done = imported(folder, promptfoo.name)
    with FakeUpstream(default=lambda _: as_json(completion("Paris, Tokyo or Lima."))) as upstream:
        run = parapet(
            folder, "eval", "run", "evals/suite.yaml", "--trials", "1", "-o", "json",
            OPENAI_BASE_URL=upstream.url, OPENAI_API_KEY="sk-test",
        )  # fmt: skip
        asked = {request.json["messages"][-1]["content"] for request in upstream.requests}
    shown = parapet(folder, "eval", "show", "latest", "--case", "test-0001", "-o", "json")

    assert done.code == 0
    assert done.json["cases"] == 3
    assert {"Name the capital of France.", "France: its capital?"} <= asked
    assert run.json["decision"]["reason"] == "the gate has no rules"
    assert shown.json[0]["icontains"] == 1.0
    assert shown.json[0]["contains_any"] == "(only for cases tagged contains_any)"


@pytest.mark.parametrize(
    "words",
    [
        "assertion 'javascript' was left out",
        "'scenarios' was left out",
        "'options' of tests was left out",
        "'weight' of assertions was left out",
        "`config` of providers was left out",
        "'llm-rubric' became a yes-or-no question",
        "is code: write an evaluator in Python",
    ],
)
def test_what_promptfoo_has_and_we_have_not_is_said(promptfoo: Path, words: str) -> None:
    assert any(words in line for line in read(promptfoo).lost)


def test_values_of_one_test_stay_with_its_case(promptfoo: Path) -> None:
    found = read(promptfoo)
    assert [case["expected"] for case in found.cases] == [
        {"icontains": "paris", "llm_rubric": "Does the answer meet this demand? Is polite."},
        {"icontains": "tokyo"},
        {"contains_any": ["Lima", "Ciudad de los Reyes"]},
    ]
    assert found.suite["target"]["prompt"] == {"model": "gpt-4o-mini"}


def test_deepevals_goldens_become_cases(tmp_path: Path) -> None:
    goldens = [
        {"input": "q1", "expectedOutput": "a1", "context": ["d1"], "additionalMetadata": {"x": 1}},
        {"input": "q2", "actual_output": "a2", "expected_output": "e2", "retrieval_context": ["d2"]},
    ]
    found = read(stored(tmp_path / "goldens.json", {"goldens": goldens}))
    assert found.cases[0] == {
        "id": "case-0001",
        "inputs": {"question": "q1"},
        "expected": "a1",
        "context": ["d1"],
    }
    assert found.cases[1]["inputs"] == {"question": "q2", "answer": "a2"}
    assert "'additional_metadata' was left out" in found.lost


def test_ragas_samples_become_cases_as_rows_or_columns(tmp_path: Path) -> None:
    rows = [{"user_input": "q", "reference": "r", "retrieved_contexts": ["d"]}]
    talk = [{"user_input": [{"content": "hi", "type": "human"}], "reference": "r"}]
    columns = {"user_input": ["q"], "reference": ["r"], "retrieved_contexts": [["d"]]}
    by_rows = read(stored(tmp_path / "rows.json", rows + talk))
    by_columns = read(stored(tmp_path / "columns.json", columns))
    assert by_rows.cases == by_columns.cases
    assert any("conversations are not translated" in line for line in by_rows.lost)


def test_tables_of_deepeval_and_ragas_are_read(tmp_path: Path) -> None:
    (tmp_path / "goldens.csv").write_text(
        "input,actual_output,expected_output,retrieval_context,name\nq1,a1,e1,one|two,same\nq2,,e2,,same\n"
    )
    (tmp_path / "ragas.csv").write_text(
        "user_input,retrieved_contexts,reference\nq1,\"['one', 'it's two']\",r1\nq2,[broken,r2\n".replace(
            "it's", "its"
        )
    )
    goldens, samples = read(tmp_path / "goldens.csv"), read(tmp_path / "ragas.csv")
    assert [case["id"] for case in goldens.cases] == ["same", "same-2"]
    assert [case.get("context") for case in goldens.cases] == [["one", "two"], None]
    assert [case.get("context") for case in samples.cases] == [["one", "its two"], ["[broken"]]


def test_deepevals_documents_with_a_source_are_texts(tmp_path: Path) -> None:
    rows = [{"input": "q", "expected_output": "e", "retrieval_context": [{"context": "d", "source": "s"}]}]
    assert read(stored(tmp_path / "goldens.json", rows)).cases[0]["context"] == ["d"]


def test_a_log_packed_with_zstd_and_cut_short_is_read(tmp_path: Path) -> None:
    archives = importlib.import_module("backports.zstd.zipfile") if sys.version_info < (3, 14) else zipfile
    with archives.ZipFile(tmp_path / "log.eval", "w", compression=archives.ZIP_ZSTANDARD) as archive:
        archive.writestr("_journal/start.json", json.dumps(LOG))
        archive.writestr("samples/1_epoch_1.json", json.dumps(SAMPLES[0]))
    found = read(tmp_path / "log.eval")
    assert [case["inputs"] for case in found.cases] == [{"question": "Capital of France?"}]


@pytest.mark.parametrize(
    ("options", "evaluator"),
    [
        ({}, {"ends_with": {"ignore_case": True}}),
        ({"location": "begin"}, {"starts_with": {"ignore_case": True}}),
        ({"location": "exact"}, {"exact": {"normalize": "casefold"}}),
        ({"numeric": True}, {"numeric": {"id": "match"}}),
    ],
)
def test_where_inspects_match_looks_decides_the_evaluator(
    tmp_path: Path, options: dict[str, Any], evaluator: dict[str, Any]
) -> None:
    log = {"eval": {"task": "t", "scorers": [{"name": "match", "options": options}]}, "samples": SAMPLES}
    assert read(stored(tmp_path / "log.json", log)).suite["evaluators"] == [evaluator]


LOG = {
    "eval": {
        "task": "capitals",
        "model": "openai/gpt-4o",
        "scorers": [{"name": "includes"}, {"name": "model_graded_qa"}],
    },
    "plan": {"steps": [{"solver": "generate"}]},
}
SAMPLES = [
    {"id": 1, "epoch": 1, "input": "Capital of France?", "target": "Paris"},
    {"id": 1, "epoch": 2, "input": "Capital of France?", "target": "Paris"},
    {
        "id": 2,
        "epoch": 1,
        "input": [{"role": "user", "content": "Capital of Peru?"}],
        "target": ["Lima", "x"],
    },
]


def test_inspects_logs_are_read_as_json_and_as_archives(tmp_path: Path) -> None:
    plain = read(stored(tmp_path / "log.json", LOG | {"samples": SAMPLES}))
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        archive.writestr("header.json", json.dumps(LOG))
        for sample in SAMPLES:
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
    packed = read(tmp_path / "log.eval")

    assert plain == packed
    assert [case["expected"] for case in plain.cases] == ["Paris", "Lima"]
    assert plain.suite["evaluators"] == [{"contains": {"value": "{{ expected }}", "ignore_case": True}}]
    assert "scorer 'model_graded_qa' has no evaluator alike" in plain.lost
    assert "further epochs of a sample were left out; `trials` asks anew" in plain.lost


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("goldens.json", {"goldens": [{"input": "q", "expected_output": "e"}]}),
        ("rows.json", [{"user_input": "q", "reference": "r"}]),
        ("log.json", LOG | {"samples": SAMPLES}),
    ],
)
def test_what_is_imported_is_a_suite_that_plans(tmp_path: Path, name: str, content: Any) -> None:
    stored(tmp_path / name, content)
    done = imported(tmp_path, name)
    planned = parapet(tmp_path, "eval", "plan", "evals/suite.yaml", "-o", "json")
    assert (done.code, planned.code) == (0, 0)
    assert planned.json["cases"] == done.json["cases"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", "a.json: not JSON"),
        ("a.json", '{"x": 1}', "cannot tell what this is"),
        ("a.jsonl", '{"user_input": 1}', "no case could be read as ragas"),
        ("a.eval", "nothing", "not an inspect log"),
        ("a.json", '{"eval": {}, "samples": [{"id": 1}]}', "not the shape of inspect: KeyError 'input'"),
        ("a.yaml", "tests: [{vars: [1]}]\nprompts: [{raw: 5}]", "a prompt must be a text or a file"),
        ("a.yaml", "prompts: [x]\ntests: 5", "not the shape of promptfoo"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SuiteError) as error:
        read(tmp_path / name)
    assert words in str(error.value)


def test_importing_overwrites_nothing(promptfoo: Path) -> None:
    (promptfoo.parent / "evals").mkdir()
    (promptfoo.parent / "evals" / "suite.yaml").write_text("mine")
    done = imported(promptfoo.parent, promptfoo.name)
    assert done.code == 4
    assert "exists already" in done.err
