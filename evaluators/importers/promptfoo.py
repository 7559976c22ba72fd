"""A promptfoo configuration: prompts and providers become arms, tests cases, assertions evaluators."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.importers.assertions import Assertions
from evaluators.importers.imported import Imported, Notes
from evaluators.suites.documents import parse_yaml, read_text

_VARIABLE = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}")
_CODE = re.compile(r"\{%|\{\{[^}]*\|")
_KNOWN = frozenset({"prompts", "providers", "targets", "tests", "defaultTest", "description", "$schema"})
_KNOWN_OF_TESTS = frozenset({"vars", "assert", "description", "metadata"})


def imported(content: Any, path: Path) -> Imported:
    """Read a configuration, or a list of tests alone."""
    config = {"tests": content} if isinstance(content, list) else content
    notes = Notes()
    for key in config:
        if key not in _KNOWN:
            notes.add(f"{key!r} was left out")
    asserts = Assertions(notes)
    default = config.get("defaultTest") or {}
    if not isinstance(default, Mapping):
        notes.add("`defaultTest` in a file of its own was left out")
        default = {}
    for given in default.get("assert") or ():
        asserts.add_for_all(given)
    cases = [
        _case(test, number, default.get("vars") or {}, asserts, notes)
        for number, test in enumerate(_tests(config.get("tests") or [], path, notes), start=1)
    ]
    files, arms = _arms(config, path, notes)
    evaluators = asserts.evaluators()
    if not evaluators:
        notes.add("no assertion was translated; `length` is a placeholder among the evaluators")
        evaluators = [{"length": {"id": "not_empty", "unit": "words", "at_least": 1}}]
    document: dict[str, Any] = {
        "suite": _name(str(config.get("description") or path.stem)),
        "target": {"prompt": {"model": _models(config, notes)[0]}, "arms": arms},
        "cases": {"file": "cases.jsonl"},
        "trials": "1..3",
        "evaluators": evaluators,
        "gate": {},
    }
    if asserts.needs_judge:
        document["judges"] = {"main": {"model": "gpt-4o"}}
    return Imported(suite=document, cases=tuple(cases), files=files, lost=notes.lines())


def _tests(given: Any, path: Path, notes: Notes) -> list[Mapping[str, Any]]:
    """Return the tests themselves, those in YAML or JSON files read."""
    if isinstance(given, str):
        name = given.removeprefix("file://")
        if not name.endswith((".yaml", ".yml", ".json")):
            notes.add(f"tests in {name!r} were left out; only YAML and JSON files are read")
            return []
        given = parse_yaml(read_text(path.parent / name), name=name)
    found: list[Mapping[str, Any]] = []
    for test in given:
        found += _tests(test, path, notes) if isinstance(test, str) else [test]
    return found


def _case(
    test: Mapping[str, Any],
    number: int,
    shared: Mapping[str, Any],
    asserts: Assertions,
    notes: Notes,
) -> dict[str, Any]:
    for key in test:
        if key not in _KNOWN_OF_TESTS:
            notes.add(f"{key!r} of tests was left out")
    own = test.get("vars") or {}
    if not isinstance(own, Mapping):
        notes.add("`vars` in files of their own were left out")
        own = {}
    variables = dict(shared) | dict(own)
    for value in variables.values():
        if isinstance(value, list):
            notes.add("lists among `vars` stay lists; promptfoo makes a test of each element")
        if isinstance(value, str) and value.startswith("file://"):
            notes.add("`file://` among `vars` stays a text")
    expected: dict[str, Any] = {}
    tags = []
    for given in test.get("assert") or ():
        tags += asserts.add_for_case(given, expected)
    case: dict[str, Any] = {"id": f"test-{number:04}", "inputs": variables}
    if expected:
        case["expected"] = expected
    if tags:
        case["tags"] = sorted(set(tags))
    return case


def _arms(
    config: Mapping[str, Any], path: Path, notes: Notes
) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Return prompt files and arms: the first two prompts, else the first two models, else one prompt twice."""
    given = config.get("prompts") or ["{{prompt}}"]
    prompts = [_prompt(prompt, path, notes) for prompt in (given if isinstance(given, list) else [given])]
    models = _models(config, notes)
    if len(prompts) > 2 or (len(prompts) > 1 and len(models) > 1) or len(models) > 2:
        notes.add(
            f"{len(prompts)} prompts × {len(models)} providers: a suite has two arms, the first two are kept"
        )
    names = ("baseline", "candidate")
    pairs: list[tuple[str, str | None]]
    if len(prompts) > 1:
        pairs = [(prompts[0], None), (prompts[1], None)]
    else:
        pairs = [(prompts[0], None), (prompts[0], models[1] if len(models) > 1 else None)]
    files, arms = {}, {}
    for name, (prompt, model) in zip(names, pairs, strict=True):
        files[f"prompts/{name}.md"] = prompt + "\n"
        arms[name] = {"prompt": f"file:prompts/{name}.md"} | ({"model": model} if model else {})
    return files, arms


def _prompt(given: Any, path: Path, notes: Notes) -> str:
    text = given
    if isinstance(given, Mapping):
        text = given.get("raw") or given.get("id") or json.dumps(given)
    if not isinstance(text, str):
        raise SuiteError("a prompt must be a text or a file")
    if text.startswith("file://"):
        name = text.removeprefix("file://")
        if not name.endswith((".txt", ".md", ".json", ".yaml", ".j2")):
            notes.add(f"prompt {name!r} is code and was left out")
            return "{{ inputs.prompt }}"
        text = read_text(path.parent / name).rstrip("\n")
    if text.lstrip().startswith("["):
        notes.add(
            "a prompt written as a list of chat messages is sent as one text; put `system` into the arms"
        )
    return lookups_of(text, notes)


def lookups_of(text: str, notes: Notes) -> str:
    """Turn promptfoo's `{{name}}` into our `{{ inputs.name }}`; code in templates stays behind."""
    if _CODE.search(text):
        notes.add("templates with code or filters stay as they are; lookups alone are filled")
    return _VARIABLE.sub(lambda match: "{{ inputs." + match[1] + " }}", text)


def _models(config: Mapping[str, Any], notes: Notes) -> list[str]:
    given = config.get("providers") or config.get("targets") or ["gpt-4o-mini"]
    models = []
    for provider in given if isinstance(given, list) else [given]:
        name = provider
        if isinstance(provider, Mapping):
            name = provider.get("id") or next(iter(provider), "")
            if provider.get("config"):
                notes.add(
                    "`config` of providers was left out; set temperature and max_tokens in `target.prompt`"
                )
        name = str(name)
        if name.startswith(("file://", "exec:", "python:", "http")):
            notes.add(
                f"provider {name.partition(':')[0]!r} is code or an endpoint of its own; use `target.python`"
            )
            name = "gpt-4o-mini"
        models.append(name.rpartition(":")[2] or name)
    return models


def _name(text: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in text.lower())
    return kept.strip("-._")[:60] or "imported"
