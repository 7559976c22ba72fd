"""docs/reference/settings.md lists the variables the code reads: all of them, and no others."""

import ast
import re
from pathlib import Path

from console.settings.providers import PROVIDERS, variables_of

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("console", "inference_proxy", "ingest", "evaluators", "guardrails")
VARIABLE = re.compile(r"PARAPET_[A-Z0-9_]*[A-Z0-9]")


def variables_in_code() -> set[str]:
    """Every text in the rooms' code that is the name of a variable and nothing else."""
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    texts = (
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if VARIABLE.fullmatch(text)}


def variables_in_reference() -> list[str]:
    """Every variable that begins a row of a table, and the providers' in the other columns."""
    page = (ROOT / "docs/reference/settings.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("|")]
    ours = [name for row in rows for name in re.findall(r"^\| `(PARAPET_\w+)`", row)]
    return ours + [
        name for row in rows for name in re.findall(r"`((?!PARAPET)[A-Z]+_(?:API_KEY|BASE_URL))`", row)
    ]


def test_the_reference_lists_what_the_code_reads() -> None:
    listed = {name for name in variables_in_reference() if name.startswith("PARAPET_")}

    assert listed == variables_in_code()


def test_the_reference_lists_every_provider() -> None:
    known = {name for provider in PROVIDERS for name in variables_of(provider)}

    assert {name for name in variables_in_reference() if not name.startswith("PARAPET_")} == known


def test_no_variable_is_listed_twice() -> None:
    listed = [name for name in variables_in_reference() if name.startswith("PARAPET_")]

    assert sorted(listed) == sorted(set(listed))
