import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from evaluators.errors import NoCasesError, SuiteError
from evaluators.gate import Margin
from evaluators.suites import load
from evaluators.suites.choice import Choice
from evaluators.suites.documents import parse_yaml
from evaluators.suites.model import Suite

SUITE = """
suite: capitals
target:
  python: answers.reply
  arms:
    baseline: {prompt: file:prompts/a.md}
    candidate: {prompt: "be brief"}
cases:
  - {inputs: {country: France}, expected: Paris, tags: [europe]}
  - {id: japan, inputs: {country: Japan}, expected: Tokyo, cluster: asia}
evaluators:
  - contains: {id: right, value: "{{ expected }}", when: tags.europe}
  - exact
  - latency
  - rubric: {id: polite, question: "Is it polite?", options: {yes: 1, no: 0}}
judges:
  main: {model: judge-model}
gate:
  right: {margin: 2pt, floor: 90%}
  exact: must_pass
  latency: {ratio: 1.2}
  polite: {margin: 3pt, trust: assume}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "a.md").write_text("Answer well.\n")
    path = folder / "suite.yaml"
    path.write_text(text)
    return path


def test_a_suite_is_read_with_everything_it_names(tmp_path: Path) -> None:
    suite = load(written(tmp_path, SUITE))
    rules = {rule.metric: rule for rule in suite.gate.rules}

    assert suite.arms["baseline"] == {"prompt": "Answer well."}
    assert len(suite.cases[0].id) == 12
    assert [case.cluster for case in suite.gate_cases()] == ["", "asia"]
    assert rules["right"].margin == Margin(value=2.0)
    assert rules["right"].floor == pytest.approx(0.9)
    assert rules["exact"].must_pass
    assert rules["latency"].margin == Margin(value=1.2, unit="ratio")
    assert suite.entries[3].parameters["options"] == {"yes": 1, "no": 0}
    assert suite.gate.looks == (1,)


def test_the_digest_follows_content_and_not_the_gate(tmp_path: Path) -> None:
    digest = load(written(tmp_path, SUITE)).digest()
    assert load(written(tmp_path, SUITE.replace("margin: 2pt", "margin: 4pt"))).digest() == digest
    assert load(written(tmp_path, SUITE.replace("be brief", "be long"))).digest() != digest
    assert load(written(tmp_path, SUITE.replace("Tokyo", "Kyoto"))).digest() != digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("evaluators:", "evaluatros:", "unknown key 'evaluatros'; did you mean 'evaluators'"),
        ("margin: 2pt, floor", "margni: 2pt, floor", "unknown key 'margni'; did you mean 'margin'"),
        ("  right: {margin", "  rigth: {margin", "no evaluator is called 'rigth'; did you mean 'right'"),
        ("- exact", "- exactt", "unknown evaluator 'exactt'; did you mean 'exact'"),
        ('value: "{{ expected }}"', "vlaue: x", "unknown parameter 'vlaue'; did you mean 'value'"),
        ("margin: 2pt", "margin: 0.02", "ambiguous; write points, such as `2pt`"),
        ("floor: 90%", "floor: 0.9", "ambiguous; write per cent, such as `90%`"),
        ("right: {margin", "right: {must_pass: true, margin", "exclude one another"),
        ("ratio: 1.2", "margin: 2pt", "needs a scale with limits"),
        ("latency: {ratio: 1.2}", "latancy_p95: 10%", "no evaluator is called 'latancy_p95'; did you mean"),
        ("latency: {ratio: 1.2}", "latency_p95: {floor: 10%}", "needs a margin, such as `10%`"),
        (
            "latency: {ratio: 1.2}",
            "latency_p95: 100",
            "a quantile's margin is a ratio; write `latency_p95: 10%`",
        ),
        ("right: {margin: 2pt, floor: 90%}", "right_p95: 10%", "ambiguous"),
        ("right: {margin: 2pt, floor: 90%}", "right: {pass_k: 3}", "`pass_k` needs a floor"),
        ("floor: 90%}", "floor: 90%, pass_k: 3}", "pass^3 needs `trials: 3` or more, not 1"),
        ("file:prompts/a.md", "file:prompts/b.md", "b.md: no such file"),
        ("  main: {model: judge-model}", "  other: {}", "judges.other.model: Field required"),
        ("judges:\n  main: {model: judge-model}\n", "", "names none; add `judges:"),
        ("polite, question", "right, question", "two are called 'right'"),
        ("  python: answers.reply\n", "", "exactly one of `prompt`, `python`, `http` and `tests: true`"),
        ("id: japan", "id: japan, id: japan", "'id' is given twice"),
        ("suite: capitals", "suite: [", "line 4: expected"),
        ("when: tags.europe", "when: country == France", "must look like `tags.order`"),
        ("options: {yes: 1, no: 0}", "options: {yes: 1}", "between 2 and 26 options"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in SUITE
    with pytest.raises(SuiteError) as caught:
        load(written(tmp_path, SUITE.replace(old, new, 1)))
    assert words in str(caught.value)
    assert str(caught.value).startswith("suite.yaml")


def test_two_cases_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="'japan' is given twice"):
        load(written(tmp_path, SUITE.replace("- {inputs", "- {id: japan, inputs")))


def test_a_suite_without_cases_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(NoCasesError, match="none of the 2 cases"):
        load(written(tmp_path, SUITE), choice=Choice(tags=frozenset({"africa"})))


def test_a_sample_is_the_same_every_time(tmp_path: Path) -> None:
    path = written(tmp_path, SUITE)
    assert load(path, choice=Choice(sample=1)).cases == load(path, choice=Choice(sample=1)).cases


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "cases.jsonl",
            '{"id": "a", "inputs": {"q": "1"}, "doc": "d1"}\n\n{"id": "b", "inputs": {"q": "2"}, "doc": "d2"}\n',
        ),
        ("cases.csv", "id,q,doc\na,1,d1\nb,2,d2\n"),
        ("cases.yaml", "- {id: a, inputs: {q: '1'}, doc: d1}\n- {id: b, inputs: {q: '2'}, doc: d2}\n"),
    ],
)
def test_cases_come_from_files_of_three_kinds(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    start, end = SUITE.index("cases:"), SUITE.index("evaluators:")
    text = SUITE[:start] + f"cases: {{file: {name}, cluster: doc}}\n" + SUITE[end:]
    suite = load(written(tmp_path, text))
    assert [(case.id, case.inputs["q"], case.cluster) for case in suite.cases] == [
        ("a", "1", "d1"),
        ("b", "2", "d2"),
    ]


def test_a_bad_line_of_cases_is_named(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text('{"inputs": {}}\n{broken\n')
    start, end = SUITE.index("cases:"), SUITE.index("evaluators:")
    with pytest.raises(SuiteError, match=r"cases\.jsonl, line 2: not JSON"):
        load(written(tmp_path, SUITE[:start] + "cases: {file: cases.jsonl}\n" + SUITE[end:]))


def test_yes_and_no_stay_words() -> None:
    assert parse_yaml("{yes: 1, no: off, true: true, at: 2026-01-01}", name="x") == {
        "yes": 1,
        "no": "off",
        True: True,
        "at": "2026-01-01",
    }


def test_the_schema_accepts_what_the_loader_accepts_and_refuses_typos() -> None:
    schema: dict[str, Any] = json.loads(json.dumps(Suite.model_json_schema()))
    validator = jsonschema.Draft202012Validator(schema)
    document = parse_yaml(SUITE, name="suite")
    example = Path("evaluators/cli/example/suite.yaml").read_text()

    assert list(validator.iter_errors(document)) == []
    assert list(validator.iter_errors(yaml.safe_load(example))) == []
    assert list(validator.iter_errors(document | {"evaluatros": []})) != []
    assert list(validator.iter_errors(document | {"evaluators": [{"exactt": {}}]})) != []


@pytest.mark.parametrize(
    ("judges", "sentence"),
    [
        ("{jury: {panel: {main: 1, other: 1}}, main: {model: m}}", "no single judge is called 'other'"),
        (
            "{jury: {panel: {main: 0, second: 0}}, main: {model: m}, second: {model: n}}",
            "at least one is more",
        ),
        ("{jury: {panel: {main: 1}}, main: {model: m}}", "at least 2"),
        ("{main: {local: ./weights, dtyp: float32}}", "did you mean 'dtype'"),
    ],
)
def test_judges_that_cannot_be_had_are_refused(tmp_path: Path, judges: str, sentence: str) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(
        "suite: s\ntarget: {python: a.b, arms: {only: {}}}\ncases: [{inputs: {}}]\nevaluators: [refusal]\n"
        f"judges: {judges}\n"
    )

    with pytest.raises(SuiteError, match=sentence):
        load(path)


def test_a_gate_names_measurements_and_quantiles_without_listing_them(tmp_path: Path) -> None:
    text = SUITE.replace("latency: {ratio: 1.2}", "latency_p95: 10%\n  cost: {ratio: 1.1}\n  tokens: 20")
    suite = load(written(tmp_path, text.replace("  - latency\n", "")))
    rules = {rule.name: rule for rule in suite.gate.rules}

    assert [entry.name for entry in suite.entries] == [
        "right",
        "exact",
        "polite",
        "latency",
        "cost",
        "tokens",
    ]
    assert (rules["latency_p95"].metric, rules["latency_p95"].quantile) == ("latency", 0.95)
    margin = rules["latency_p95"].margin
    assert margin
    assert (margin.unit, round(margin.value, 9)) == ("ratio", 1.1)
    assert rules["tokens"].margin == Margin(value=20.0, unit="absolute")


def test_a_bare_amount_in_the_gate_is_a_margin(tmp_path: Path) -> None:
    suite = load(written(tmp_path, SUITE.replace("right: {margin: 2pt, floor: 90%}", "right: 3pt")))
    assert suite.gate.rules[0].margin == Margin(value=3.0)


def test_a_suite_made_in_python_is_the_file_it_is_written_as() -> None:
    suite = Suite(
        suite="capitals",
        target={"python": "answers.reply", "arms": {"a": {"tone": "yes"}, "b": {"tone": "no"}}},  # type: ignore[arg-type]
        cases=[{"inputs": {"country": "France"}, "expected": "Paris"}],  # type: ignore[list-item]
        evaluators=["exact", {"contains": {"id": "right", "value": "{{ expected }}"}}],
        gate={"right": "2pt", "exact": {"must_pass": True}, "latency_p95": "10%"},  # type: ignore[dict-item]
        reuse_baseline={"days": 3},  # type: ignore[arg-type]
    )
    written = yaml.safe_dump(suite.model_dump(mode="json", exclude_unset=True), sort_keys=False)
    assert Suite.model_validate(parse_yaml(written, name="suite.yaml")) == suite
