from typing import Any

import pytest

from evaluators import EvaluatorError, registry


@pytest.mark.parametrize("kind", sorted(registry.KINDS))
def test_every_kind_describes_itself_for_a_form(kind: str) -> None:
    described = registry.describe(kind)
    assert described.summary.endswith(".")
    assert all(parameter.help.endswith(".") for parameter in described.parameters)
    assert "name" not in {parameter.name for parameter in described.parameters}


def test_the_form_of_a_judge_knows_its_types() -> None:
    types = {parameter.name: parameter.type for parameter in registry.describe("rubric").parameters}
    assert types["question"] == "long_text"
    assert types["options"] == "options"
    assert types["show_input"] == "boolean"
    assert registry.describe("exact").parameters[1].choices == ("none", "strip", "casefold", "squad")


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("exakt", {}, "did you mean 'exact'"),
        ("contains", {"valeu": "x"}, "did you mean 'value'"),
        ("regex", {}, "'pattern' is required"),
        ("exact", {"normalize": "strp"}, "did you mean 'strip'"),
        ("latency", {"at_most": "100"}, "must be a number, not str"),
        ("contains", {"ignore_case": 1}, "must be true or false, not int"),
        ("contains", {"values": "abc"}, "must be a list of texts"),
        ("rubric", {"question": "?"}, "asks a model"),
    ],
)
def test_wrong_parameters_are_refused_in_a_sentence(
    kind: str, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(EvaluatorError, match=words):
        registry.build(kind, parameters)


def test_scores_are_called_as_the_evaluator_is_named() -> None:
    assert registry.build("exact").name == "exact"
    assert registry.build("exact", name="capital").name == "capital"
    assert registry.build("exact", name="capital").version == registry.build("exact").version


def test_a_list_shows_only_kinds_that_can_be_built_with_what_is_handed_in() -> None:
    shown = {kind.name for kind in registry.kinds(handed=())}
    assert "levenshtein" in shown
    assert "rubric" not in shown
    assert "rubric" in {kind.name for kind in registry.kinds()}
