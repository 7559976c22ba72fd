from typing import Any

import pytest

from evaluators.errors import SuiteError
from evaluators.suites.lookups import fill, fill_all

VALUES = {
    "inputs": {"q": "why?", "n": 3, "list": ["a", {"b": True}]},
    "expected": {"order": "{{ inputs.q }}"},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("ask: {{ inputs.q }}", "ask: why?"),
        ("{{inputs.n}} {{ inputs.list.0 }}", "3 a"),
        ("{{ inputs.list.1 }}", '{"b": true}'),
        ("{{ expected.order }}", "{{ inputs.q }}"),
        ("no lookup { here }", "no lookup { here }"),
    ],
)
def test_a_lookup_is_replaced_once(template: str, text: str) -> None:
    assert fill(template, VALUES) == text


@pytest.mark.parametrize(
    "path", ["inputs.__class__", "inputs.q | upper", "inputs['q']", "1 + 1", "", "nothing"]
)
def test_anything_but_a_path_into_the_case_is_refused(path: str) -> None:
    with pytest.raises(SuiteError):
        fill("{{ " + path + " }}", VALUES)


@pytest.mark.parametrize(
    ("value", "filled"), [("{{ inputs.n }}", 3), (["{{ inputs.q }}!"], ["why?!"]), ({"a": 1}, {"a": 1})]
)
def test_a_lookup_alone_keeps_its_type(value: Any, filled: Any) -> None:
    assert fill_all(value, VALUES) == filled
