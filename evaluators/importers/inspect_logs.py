"""Logs of inspect_ai, JSON or `.eval`: samples become cases, the stored answers stay beside them."""

import importlib
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluators.errors import SuiteError
from evaluators.importers.imported import Imported, Notes

_ATTACHED = "attachment://"
_LARGEST = 512 * 1024 * 1024
_SCORERS: Mapping[str, Any] = {
    "exact": "exact",
    "f1": "token_f1",
    "includes": {"contains": {"value": "{{ expected }}", "ignore_case": True}},
}
_PLACES: Mapping[str, Any] = {
    "begin": {"starts_with": {"ignore_case": True}},
    "end": {"ends_with": {"ignore_case": True}},
    "any": _SCORERS["includes"],
    "exact": {"exact": {"normalize": "casefold"}},
}
"""Where `match` looks."""


def unpacked(path: Path) -> dict[str, Any]:
    """Read the zip file that a `.eval` log is; one that was cut short has a journal in its header's place."""
    archives = _archives()
    try:
        with archives.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise SuiteError(f"{path.name}: more than 512 MiB when unpacked; convert it to JSON in parts")
            known = archive.namelist()
            names = sorted(name for name in known if name.startswith("samples/"))
            head = "header.json" if "header.json" in known else "_journal/start.json"
            header: dict[str, Any] = json.loads(archive.read(head))
            return header | {"samples": [json.loads(archive.read(name)) for name in names]}
    except NotImplementedError as error:
        raise SuiteError(
            f"{path.name}: packed with zstd, which this Python cannot read; pip install backports.zstd"
        ) from error
    except (archives.BadZipFile, KeyError, ValueError) as error:
        raise SuiteError(f"{path.name}: not an inspect log") from error


def _archives() -> Any:
    """Return the module for zip files that knows zstd, which inspect packs with: Python's own from 3.14 on."""
    if sys.version_info >= (3, 14):
        return zipfile
    try:
        return importlib.import_module("backports.zstd.zipfile")
    except ImportError:
        return zipfile


def imported(content: Any, path: Path) -> Imported:
    """Turn a log's samples into cases and its scorers into evaluators where there is one alike."""
    notes = Notes()
    facts = content["eval"]
    cases: dict[str, dict[str, Any]] = {}
    for sample in content["samples"] or ():
        case = _case(sample, notes)
        if case is None:
            continue
        if case["id"] in cases:
            notes.add("further epochs of a sample were left out; `trials` asks anew")
        else:
            cases[case["id"]] = case
    evaluators = _evaluators(facts, content["samples"] or (), notes)
    model = str(facts.get("model") or "gpt-4o-mini")
    if facts.get("solver") or content.get("plan", {}).get("steps"):
        notes.add("the solver was not translated; the prompt sends the sample's input as it is")
    document = {
        "suite": _name(str(facts.get("task") or path.stem)),
        "target": {
            "prompt": {"model": model.partition("/")[2] or model},
            "arms": {
                "baseline": {"prompt": "{{ inputs.question }}"},
                "candidate": {"prompt": "{{ inputs.question }}"},
            },
        },
        "cases": {"file": "cases.jsonl"},
        "trials": "1..3",
        "evaluators": evaluators,
        "gate": {},
    }
    return Imported(suite=document, cases=tuple(cases.values()), lost=notes.lines())


def _case(sample: Mapping[str, Any], notes: Notes) -> dict[str, Any] | None:
    asked = _question(sample["input"], notes)
    if asked is not None and asked.startswith(_ATTACHED):
        asked = (sample.get("attachments") or {}).get(asked.removeprefix(_ATTACHED))
    if asked is None:
        return None
    case: dict[str, Any] = {"id": str(sample["id"]), "inputs": {"question": asked}}
    target = sample.get("target")
    if isinstance(target, list):
        if len(target) > 1:
            notes.add("of several targets only the first was kept")
        target = target[0] if target else None
    if target:
        case["expected"] = target
    if sample.get("choices"):
        case["inputs"]["choices"] = sample["choices"]
        notes.add("multiple-choice samples keep their choices as an input; the prompt does not show them")
    for key in ("files", "sandbox", "setup", "metadata"):
        if sample.get(key):
            notes.add(f"{key!r} of samples was left out")
    return case


def _question(given: Any, notes: Notes) -> str | None:
    if isinstance(given, str):
        return given
    texts = [message.get("content") for message in given if message.get("role") == "user"]
    if len(given) > len(texts) or len(texts) != 1:
        notes.add("of a conversation only the last message of the user was kept")
    text = texts[-1] if texts else None
    if isinstance(text, list):
        notes.add("images and other parts of a message were left out")
        text = "\n".join(str(part["text"]) for part in text if part.get("type") == "text")
    if not text:
        notes.add("a sample without a text of the user was left out")
        return None
    return str(text)


def _evaluators(facts: Mapping[str, Any], samples: Sequence[Mapping[str, Any]], notes: Notes) -> list[Any]:
    named = {
        str(scorer["name"]): scorer.get("options") or {}
        for scorer in facts.get("scorers") or ()
        if "name" in scorer
    }
    named = named or {name: {} for sample in samples for name in (sample.get("scores") or {})}
    kept: list[Any] = []
    for name, options in named.items():
        short = name.rpartition("/")[2]
        kind = _SCORERS.get(short)
        if short == "match":
            place = str(options.get("location") or "end")
            kind = {"numeric": {"id": "match"}} if options.get("numeric") else _PLACES.get(place)
            notes.add(
                "`match` overlooks punctuation around the answer, the evaluator in its place only space"
            )
        if kind is None:
            notes.add(f"scorer {name!r} has no evaluator alike")
        elif kind not in kept:
            kept.append(kind)
    if not kept:
        notes.add("no scorer was translated; `length` is a placeholder among the evaluators")
        kept = [{"length": {"id": "not_empty", "unit": "words", "at_least": 1}}]
    return kept


def _name(text: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in text).strip("-._")
    return kept or "imported"
