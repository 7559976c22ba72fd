"""Suites whose evaluators need more than the answer: a model of embeddings, a detector, a sandbox, a judge on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluators import Score, Unscored, trials
from evaluators.score import Outcome
from tests.evaluators.cli.command import parapet
from tests.evaluators.local.small import small_model
from tests.evaluators.local.test_pairs import small_classifier
from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json

SUITE = """
suite: providers
target:
  python: answers.answer
  arms: {{only: {{}}}}
cases:
  - {{id: one, inputs: {{say: "{say}"}}, expected: "ready"}}
evaluators:
  - {evaluator}
{more}
"""


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(default=embeddings) as upstream:
        yield upstream


def embeddings(request: Received) -> Reply:
    """Turn texts into two numbers, last text first, as an endpoint may."""
    vectors = [
        {"index": index, "embedding": [len(text), 1.0]} for index, text in enumerate(request.json["input"])
    ]
    return as_json({"data": vectors[::-1], "model": request.json["model"]})


def outcome_of(
    folder: Path, evaluator: str, more: str = "", *, say: str = "ready", **variables: str
) -> Outcome:
    (folder / "answers.py").write_text("def answer(inputs):\n    return inputs['say']\n")
    (folder / "suite.yaml").write_text(SUITE.format(evaluator=evaluator, more=more, say=say))
    done = parapet(folder, "eval", "run", "suite.yaml", **variables)
    assert done.code == 0, done.err
    root = folder / "home" / "evals"
    (outcome,) = trials.read(trials.find(root, "latest")).scores.values()
    return outcome


def test_meanings_are_compared_by_the_suites_model_of_embeddings(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    access = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-test"}
    more = "embeddings: {model: small-vectors}"
    outcome = outcome_of(tmp_path, "embedding_similarity", more, say="prepared", **access)

    assert isinstance(outcome, Score)
    assert 0.9 < outcome.value < 1
    assert [request.path for request in upstream.requests] == ["/v1/embeddings"]


def test_an_endpoint_without_embeddings_leaves_the_answer_unscored(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    upstream.default = lambda request: as_json({"data": "none"})
    access = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-test"}
    outcome = outcome_of(tmp_path, "embedding_similarity", "embeddings: {model: x}", say="prepared", **access)

    assert isinstance(outcome, Unscored)
    assert "no list of embeddings" in outcome.reason


def test_personal_data_is_found_by_the_installed_detector(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "pii", say="mail ada@example.org")

    assert isinstance(outcome, Score)
    assert outcome.value == 1


def test_programs_run_where_the_suite_says_so(tmp_path: Path) -> None:
    limits = "sandbox: {timeout_s: 5, allow_network: true}"
    outcome = outcome_of(tmp_path, "code_execution", limits, say="print('ready')")

    assert isinstance(outcome, Score)
    assert outcome.value == 1


@pytest.mark.parametrize(
    ("evaluator", "remedy"),
    [
        ("embedding_similarity", "add `embeddings: {model: …}` to the suite"),
        ("code_execution", "add `sandbox: {}` to the suite"),
    ],
)
def test_what_an_evaluator_lacks_is_said_before_anything_runs(
    tmp_path: Path, evaluator: str, remedy: str
) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE.format(evaluator=evaluator, more="", say="ready"))
    done = parapet(tmp_path, "eval", "run", "suite.yaml")

    assert done.code == 4
    assert remedy in done.err


def test_a_judge_may_be_a_folder_beside_the_suite(tmp_path: Path) -> None:
    small_model(tmp_path / "weights")
    judges = "judges: {main: {local: weights, device: cpu}}"
    outcome = outcome_of(tmp_path, 'rubric: {question: "Is it kind?"}', judges)

    assert isinstance(outcome, (Score, Unscored))
    assert outcome.off_menu is not None
    assert outcome.cost_usd == 0


def test_a_classifier_of_pairs_may_be_a_folder_beside_the_suite(tmp_path: Path) -> None:
    small_classifier(tmp_path / "pairs", ("contradiction", "entailment"))
    more = "classifier: {local: pairs, device: cpu}"
    (tmp_path / "answers.py").write_text(
        "def answer(inputs):\n    return {'output': inputs['say'], 'context': ['tea is hot']}\n"
    )
    (tmp_path / "suite.yaml").write_text(SUITE.format(evaluator="groundedness", more=more, say="tea is hot"))
    done = parapet(tmp_path, "eval", "run", "suite.yaml")
    (outcome,) = trials.read(trials.find(tmp_path / "home" / "evals", "latest")).scores.values()

    assert done.code == 0, done.err
    assert isinstance(outcome, Score)
    assert outcome.details["sentences"] == 1
