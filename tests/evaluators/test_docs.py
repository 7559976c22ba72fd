"""The reference pages say what the code says."""

import re
from pathlib import Path
from typing import Any

import pytest

from evaluators import NotApplicable, Sample, Score, evaluate, registry
from evaluators.suites.model import Endpoint, GateRule, InlineCase, Suite, Target

EVALUATORS = Path("docs/reference/evaluators.md").read_text()
SUITE = Path("docs/reference/suite.md").read_text()
GUIDE = Path("docs/guides/write-an-evaluator.md").read_text()


@pytest.mark.parametrize("kind", sorted(registry.KINDS))
def test_the_reference_describes_every_kind(kind: str) -> None:
    section = EVALUATORS.split(f"## `{kind}`\n")[1].split("\n## ")[0]
    described = registry.describe(kind)
    rows = re.findall(r"^\| `(\w+)` \| ([a-z ]+)[^|]*\|[^|]*\| (.*) \|$", section, re.MULTILINE)

    assert described.summary in section
    assert [(name, kind.strip(), text) for name, kind, text in rows] == [
        (parameter.name, parameter.type.replace("_", " "), parameter.help)
        for parameter in described.parameters
    ]


@pytest.mark.parametrize("part", [Suite, Target, Endpoint, InlineCase, GateRule])
def test_the_reference_names_every_key_of_a_suite(part: type[Suite]) -> None:
    assert [key for key in part.model_fields if f"`{key}`" not in SUITE] == []


async def test_the_guides_evaluator_works() -> None:
    code = GUIDE.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile(code, "guide", "exec"), names)
    quotes = names["Quotes"]()
    context = ("Refunds take five days.",)
    half = await evaluate(quotes, Sample(output='It says "five days" and "at once".', context=context))
    none = await evaluate(quotes, Sample(output="It says so.", context=context))
    assert isinstance(half, Score)
    assert half.value == 0.5
    assert isinstance(none, NotApplicable)
