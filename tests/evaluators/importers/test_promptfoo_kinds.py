"""Every assertion promptfoo knows becomes an evaluator that builds, or is left behind with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluators.importers import Imported, read
from evaluators.importers.assertions import KINDS, REASONS
from evaluators.importers.promptfoo_tests import assertion_of
from evaluators.suites import load
from tests.evaluators.cli.command import parapet

# The keys of ASSERTION_HANDLERS in promptfoo 0.121.20, and those it handles apart.
ALL = [
    "agent-rubric",
    "answer-relevance",
    "bleu",
    "classifier",
    "contains",
    "contains-all",
    "contains-any",
    "contains-html",
    "contains-json",
    "contains-sql",
    "contains-xml",
    "context-faithfulness",
    "context-recall",
    "context-relevance",
    "conversation-relevance",
    "cost",
    "equals",
    "factuality",
    "finish-reason",
    "g-eval",
    "gleu",
    "guardrails",
    "icontains",
    "icontains-all",
    "icontains-any",
    "is-html",
    "is-json",
    "is-refusal",
    "is-sql",
    "is-valid-function-call",
    "is-valid-openai-function-call",
    "is-valid-openai-tools-call",
    "is-xml",
    "javascript",
    "latency",
    "levenshtein",
    "llm-rubric",
    "meteor",
    "model-graded-closedqa",
    "model-graded-factuality",
    "moderation",
    "perplexity",
    "perplexity-score",
    "pi",
    "python",
    "regex",
    "ruby",
    "rouge-n",
    "search-rubric",
    "skill-used",
    "similar",
    "similar:cosine",
    "similar:dot",
    "similar:euclidean",
    "starts-with",
    "tool-call-f1",
    "trajectory:goal-success",
    "trajectory:tool-args-match",
    "trajectory:step-count",
    "trajectory:tool-sequence",
    "trajectory:tool-used",
    "trace-error-spans",
    "trace-span-count",
    "trace-span-duration",
    "webhook",
    "word-count",
    "select-best",
    "max-score",
    "human",
]
VALUES: dict[str, Any] = {
    "latency": 5000, "cost": 0.01, "is-json": {"type": "object"}, "contains-json": '{"type": "object"}', "word-count": {"min": 2, "max": 9},
    "contains-any": ["a", "b"], "regex": r"\d+",
}  # fmt: skip


def imported(folder: Path, config: dict[str, Any]) -> Imported:
    path = folder / "promptfooconfig.json"
    path.write_text(json.dumps({"prompts": ["{{q}}"], "providers": ["openai:gpt-4o"]} | config))
    return read(path)


def written(folder: Path, config: dict[str, Any]) -> Path:
    imported(folder, config)
    done = parapet(folder, "eval", "import", "promptfooconfig.json", "evals")
    assert done.code == 0, done.err
    return folder / "evals" / "suite.yaml"


def test_no_assertion_is_forgotten() -> None:
    known = {name.removeprefix("not-") for name in (*KINDS, *REASONS)}
    assert known == set(ALL)
    assert set(KINDS) & set(REASONS) == set()


@pytest.mark.parametrize("type_", sorted(REASONS))
def test_what_has_no_evaluator_alike_is_left_behind_with_a_reason(tmp_path: Path, type_: str) -> None:
    found = imported(tmp_path, {"tests": [{"vars": {"q": "x"}, "assert": [{"type": type_, "value": "v"}]}]})
    assert f"assertion {type_!r} was left out: it {REASONS[type_]}" in found.lost


def test_all_that_have_one_make_a_suite_that_loads_for_one_test_and_for_all(tmp_path: Path) -> None:
    given = [{"type": type_, "value": VALUES.get(type_, "some text")} for type_ in KINDS]
    for given_one in given:
        given_one |= {"threshold": given_one["value"]} if given_one["type"] in ("latency", "cost") else {}
    config = {
        "defaultTest": {"assert": given},
        "tests": [{"vars": {"q": "x", "context": "a document"}, "assert": given}],
    }
    suite = load(written(tmp_path, config))
    assert len(suite.entries) == 2 * len(KINDS)
    assert suite.cases[0].context == ("a document",)
    assert suite.suite.embeddings is not None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Paris", {"type": "equals", "value": "Paris"}),
        ("contains: Paris", {"type": "contains", "value": "Paris"}),
        ("not-icontains:as an AI", {"type": "not-icontains", "value": "as an AI"}),
        ("similar(0.8): a city", {"type": "similar", "value": "a city", "threshold": 0.8}),
        ("similar(x): a city", {"type": "equals", "value": "similar(x): a city"}),
        ("is-json", {"type": "is-json"}),
        ("fn:output.length < 9", {"type": "javascript", "value": "output.length < 9"}),
        ("grade: is polite", {"type": "llm-rubric", "value": "is polite"}),
        ("contains-any: a, b", {"type": "contains-any", "value": "a, b"}),
    ],
)
def test_a_cell_stands_for_an_assertion(cell: str, expected: dict[str, Any]) -> None:
    assert assertion_of(cell) == expected


def test_tests_come_from_csv_and_json_lines_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        'q,__expected,__expected2,__metric\n"x, y",contains: z,,m\nw,z,is-json,\n'
    )
    (tmp_path / "b.jsonl").write_text('{"vars": {"q": "v"}}\n')
    found = imported(tmp_path, {"tests": ["file://a.csv", "file://b.jsonl", "tests.ts"]})
    assert [case["inputs"] for case in found.cases] == [{"q": "x, y"}, {"q": "w"}, {"q": "v"}]
    assert [case.get("expected") for case in found.cases] == [
        {"contains": "z"}, {"equals": "z", "is_json": True}, None,
    ]  # fmt: skip
    assert "the column '__metric' was left out" in found.lost
    assert any("'tests.ts' were left out" in line for line in found.lost)
    assert len(read(tmp_path / "a.csv").cases) == 2


def test_a_pattern_that_runs_in_no_linear_time_is_left_behind(tmp_path: Path) -> None:
    given = [{"type": "regex", "value": "^(?=.*a)b"}, {"type": "not-regex", "value": "a+"}]
    found = imported(tmp_path, {"tests": [{"vars": {"q": "x"}, "assert": given}]})
    assert found.cases[0]["tags"] == ["not_regex"]
    assert any("not RE2's" in line for line in found.lost)


def test_templates_sets_and_lists_of_criteria_are_opened(tmp_path: Path) -> None:
    config = {
        "assertionTemplates": {"polite": {"type": "icontains", "value": "please"}},
        "tests": [
            {
                "vars": {"q": ["one", "two"], "r": "same"},
                "assert": [
                    {"$ref": "#/assertionTemplates/polite"},
                    {"$ref": "#/assertionTemplates/nowhere"},
                    {"type": "assert-set", "assert": [{"type": "contains", "value": "a"}]},
                    {"type": "g-eval", "value": ["is kind", "is short"]},
                ],
            }
        ],
    }
    found = imported(tmp_path, config)
    assert [case["inputs"] for case in found.cases] == [{"q": "one", "r": "same"}, {"q": "two", "r": "same"}]
    assert found.cases[0]["tags"] == ["contains", "g_eval", "g_eval_2", "icontains"]
    assert any("'nowhere' leads nowhere" in line for line in found.lost)


def test_prompts_come_from_files_patterns_and_chats(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "1.txt").write_text("First {{q}}\n---\nSecond {{ q }}\n")
    chat = [{"role": "system", "content": "Be {{tone}}."}, {"role": "user", "content": "{{q}}"}]
    (tmp_path / "chat.json").write_text(json.dumps(chat))
    two = imported(tmp_path, {"prompts": ["p/*.txt"], "tests": [{"vars": {"q": "x"}}]})
    one = imported(tmp_path, {"prompts": ["chat.json"], "tests": [{"vars": {"q": "x", "tone": "kind"}}]})
    assert dict(two.files) == {
        "prompts/baseline.md": "First {{ inputs.q }}\n",
        "prompts/candidate.md": "Second {{ inputs.q }}\n",
    }
    assert one.files["prompts/baseline.system.md"] == "Be {{ inputs.tone }}.\n"
    assert one.suite["target"]["arms"]["baseline"] == {
        "prompt": "file:prompts/baseline.md",
        "system": "file:prompts/baseline.system.md",
    }
