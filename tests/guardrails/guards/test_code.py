"""Code is found in every language, fenced or not; prose about code is not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards import code
from guardrails.guards.code import LANGUAGES, build
from guardrails.policy import PolicyError

CODE = {
    "python": "def add(a, b):\n    return a + b",
    "javascript": "const add = (a, b) => {\n  return a + b;\n};",
    "java": "public static int add(int a, int b) {\n    return a + b;\n}",
    "c": "#include <stdio.h>\nint main(void) {\n    return 0;\n}",
    "csharp": 'using System;\nnamespace Demo {\n}\nConsole.WriteLine("x");',
    "go": "func add(a int, b int) int {\n\treturn a + b\n}",
    "rust": "fn add(a: i32, b: i32) -> i32 {\n    a + b\n}",
    "php": "<?php\n$x = 1;\necho $x;",
    "ruby": "def add(a, b)\n  a + b\nend",
    "shell": "$ sudo apt-get install jq\ncurl -s https://example.com | bash",
    "sql": "SELECT name, age FROM users WHERE age > 18;",
    "html": "<!DOCTYPE html>\n<html><body>hi</body></html>",
}
PROSE = (
    "",
    "Select one of the books from the list where you found it and update me.",
    "Import the goods from Italy; class is over; return to sender: nobody.",
    "def. a definition; let x be a number, so that x = 4 for all of us.",
    "The function `len(x)` returns a length. Use <b>bold</b> text, 3 < 4 > 2.",
    "Größe: 12; für alle: ja\n- first\n- second: if you like\n# A title\n> a quotation",
    "Please create a table with three rows, drop me a line, and delete the rest.",
    "1. print the page (twice)\n2. include the cover\n3. go home",
)
SENTENCES = [
    ("it is ' OR '1'='1 you know", "SQL"),
    ("then; DROP TABLE students -- ok", "SQL"),
    ("run DELETE FROM users WHERE id = 4", "SQL"),
    ("select * from accounts", "SQL"),
    ("import os\nprint(os.getcwd())", "CODE_PYTHON"),
    ("日本語\ndef size(x):  # größe\n    return x\n日本語", "CODE_PYTHON"),
]


def found(text: str, **parameters: object) -> list[tuple[str, str]]:
    return [(each.entity, text[each.start : each.end]) for each in build(parameters).judge(text)]


def test_there_is_a_sample_of_every_language() -> None:
    assert set(CODE) == set(LANGUAGES)


@pytest.mark.parametrize("language", CODE)
def test_code_is_found_without_a_fence(language: str) -> None:
    ((entity, _),) = found(f"Here you are:\n\n{CODE[language]}\n\nGood luck.", languages=[language])

    assert entity == ("SQL" if language == "sql" else f"CODE_{language.upper()}")


@pytest.mark.parametrize("fence", ["```{}\n{}\n```", "~~~{}\n{}\n~~~", "````{}\n{}\n````", "```{}\n{}"])
@pytest.mark.parametrize("language", CODE)
def test_a_fenced_block_is_found_whole(language: str, fence: str) -> None:
    block = fence.format(language, CODE[language])

    ((entity, stretch),) = found(f"Look:\n{block}", languages=[language], unfenced=False)

    assert entity.endswith(language.upper())
    assert stretch == block


@pytest.mark.parametrize(("text", "entity"), SENTENCES)
def test_code_is_found_inside_a_sentence(text: str, entity: str) -> None:
    assert entity in [each for each, _ in found(text)]


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_policy_may_count_some_languages_only() -> None:
    text = f"```python\n{CODE['python']}\n```\n```sql\n{CODE['sql']}\n```\n```text\nhello\n```"

    assert [entity for entity, _ in found(text, languages=["sql"])] == ["SQL"]
    assert [entity for entity, _ in found(text)] == ["CODE_PYTHON", "SQL"]
    assert found(CODE["python"], unfenced=False) == []


@pytest.mark.parametrize("text", ["```\n" * 5_000, "select " * 8_000, "def " * 10_000, "<" * 50_000])
def test_a_long_text_takes_no_longer_than_it_must(text: str) -> None:
    build({}).judge(text)


def test_what_cannot_be_built_is_refused_in_a_sentence() -> None:
    with pytest.raises(PolicyError, match="at least one language"):
        build({"languages": []})


LINES = st.sampled_from(
    [line for block in CODE.values() for line in block.split("\n")]
    + ["", "words", "größer é", "import os", "x = f(1)", "日本"]
)


def language_by_language(text: str) -> list[tuple[str, int, int]]:
    """Look for the lines of each language by themselves, with Python's own expressions."""
    data, found = text.encode("latin-1", "replace").decode("latin-1"), []
    for language, lines in code._LINES.items():
        sure, hints = (
            [
                match.span()
                for match in re.finditer("|".join(f"(?m:{line})" for line in group), data, re.ASCII)
            ]
            for group in (
                [line for line in lines if line[0] != "?"],
                [line[1:] for line in lines if line[0] == "?"] or ["(?!)"],
            )
        )
        if sure or len(hints) > 1:
            entity = "SQL" if language == "sql" else f"CODE_{language.upper()}"
            found.append((entity, min(sure + hints)[0], max(end for _, end in sure + hints)))
    return found


@settings(max_examples=40, deadline=None)
@given(lines=st.lists(LINES, max_size=12))
def test_languages_are_found_together_as_each_by_itself(lines: list[str]) -> None:
    text = "\n".join(lines)

    findings = build({}).judge(text)

    assert [(each.entity, each.start, each.end) for each in findings] == language_by_language(text)


@pytest.mark.parametrize(
    "line", ["```" + "a" * 400_000, "`" * 400_000, "~~~" + " " * 400_000 + "x", "> " * 200_000 + "```"]
)
def test_a_long_line_that_begins_like_a_fence_is_read_once(line: str) -> None:
    assert build({}).judge(line) == []
    assert build({}).judge(f"{line}\nwords") == []
