"""A promptfoo configuration: prompts and providers become arms, tests cases, assertions evaluators."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.importers.assertions import Assertions
from evaluators.importers.imported import Imported, Notes
from evaluators.importers.promptfoo_tests import tests_of
from evaluators.suites.documents import read_text

_VARIABLE = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}")
_SEPARATOR = re.compile(r"^---$", re.MULTILINE)
_PROMPT_FILES = (".txt", ".md", ".json", ".yaml", ".yml", ".j2")
_CODE = re.compile(r"\{%|\{\{[^}]*\|")
_KNOWN = frozenset(
    {
        "prompts",
        "providers",
        "targets",
        "tests",
        "defaultTest",
        "description",
        "$schema",
        "assertionTemplates",
    }
)
_KNOWN_OF_TESTS = frozenset({"vars", "assert", "description", "metadata"})


def imported(content: Any, path: Path) -> Imported:
    """Read a configuration, or a list of tests alone."""
    config = content
    if isinstance(content, list):
        config = {"tests": f"file://{path.name}" if path.suffix == ".csv" else content}
    notes = Notes()
    for key in config:
        if key not in _KNOWN:
            notes.add(f"{key!r} was left out")
    asserts = Assertions(notes, config.get("assertionTemplates"))
    default = config.get("defaultTest") or {}
    if not isinstance(default, Mapping):
        notes.add("`defaultTest` in a file of its own was left out")
        default = {}
    for given in default.get("assert") or ():
        asserts.add_for_all(given)
    cases = [
        _case(test, number, default.get("vars") or {}, asserts, notes)
        for number, test in enumerate(tests_of(config.get("tests") or [], path, notes), start=1)
    ]
    files, arms = _arms(config, path, notes)
    evaluators = asserts.evaluators()
    if any("faithfulness" in one for one in evaluators):
        # Promptfoo takes the documents from a variable of this name.
        for case in cases:
            documents = case["inputs"].get("context")
            if documents:
                case["context"] = [
                    str(one) for one in (documents if isinstance(documents, list) else [documents])
                ]
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
    if "judge" in asserts.needs:
        document["judges"] = {"main": {"model": "gpt-4o"}}
    if "embeddings" in asserts.needs:
        document["embeddings"] = {"model": "text-embedding-3-small"}
    return Imported(suite=document, cases=tuple(cases), files=files, lost=notes.lines())


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
    prompts = [
        prompt
        for one in (given if isinstance(given, list) else [given])
        for prompt in _prompts(one, path, notes)
    ]
    prompts = prompts or [{"prompt": "{{ inputs.prompt }}"}]
    models = _models(config, notes)
    if len(prompts) > 2 or (len(prompts) > 1 and len(models) > 1) or len(models) > 2:
        notes.add(
            f"{len(prompts)} prompts × {len(models)} providers: a suite has two arms, the first two are kept"
        )
    names = ("baseline", "candidate")
    pairs: list[tuple[Mapping[str, str], str | None]]
    if len(prompts) > 1:
        pairs = [(prompts[0], None), (prompts[1], None)]
    else:
        pairs = [(prompts[0], None), (prompts[0], models[1] if len(models) > 1 else None)]
    files: dict[str, str] = {}
    arms: dict[str, dict[str, Any]] = {}
    for name, (parts, model) in zip(names, pairs, strict=True):
        arms[name] = {"model": model} if model else {}
        for part, text in parts.items():
            file = f"prompts/{name}.md" if part == "prompt" else f"prompts/{name}.{part}.md"
            files[file] = text + "\n"
            arms[name][part] = f"file:{file}"
    return files, arms


def _prompts(given: Any, path: Path, notes: Notes) -> Iterator[Mapping[str, str]]:
    """Yield the prompts that an entry stands for: a text, a file, or all files of a pattern; a file may hold several."""
    text = given
    if isinstance(given, Mapping):
        text = given.get("raw") or given.get("id") or json.dumps(given)
    if not isinstance(text, str):
        raise SuiteError("a prompt must be a text or a file")
    name = text.removeprefix("file://")
    is_file = text.startswith("file://") or ("\n" not in name and name.endswith(_PROMPT_FILES))
    if not is_file:
        yield _parts(text, notes)
        return
    if not name.endswith(_PROMPT_FILES):
        notes.add(f"prompt {name!r} is code and was left out")
        return
    files = sorted(path.parent.glob(name)) if "*" in name else [path.parent / name]
    for file in files:
        for part in _SEPARATOR.split(read_text(file)):
            yield _parts(part.strip("\n"), notes)


def _parts(text: str, notes: Notes) -> Mapping[str, str]:
    """Return a prompt's parts: a chat of a system message and one of the user has two."""
    if not text.lstrip().startswith("["):
        return {"prompt": lookups_of(text, notes)}
    try:
        chat = [(message["role"], message["content"]) for message in json.loads(text)]
    except (ValueError, KeyError, TypeError):
        chat = []
    roles = [role for role, _ in chat]
    if roles in (["user"], ["system", "user"]) and all(isinstance(said, str) for _, said in chat):
        return {
            "prompt" if role == "user" else "system": lookups_of(said, notes) for role, said in reversed(chat)
        }
    notes.add("a prompt written as a longer list of chat messages is sent as one text")
    return {"prompt": lookups_of(text, notes)}


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
