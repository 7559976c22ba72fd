"""Policies as files: YAML or JSON with the fields of `Policy` and `GuardConfig`, checked whole before anything runs."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from guardrails import hints
from guardrails.policy import GuardConfig, Policy, PolicyError
from guardrails.registry import validate_policy

_FILES = UUID("b3f0a0f2-6f0f-4f0e-9d83-52a6b0f2c7d1")
"""The namespace of ids of policies that come from files: the same name has the same id."""
_OF_POLICY = ("name", "version", "guards", "remembers_s")
_OF_GUARD = tuple(each.name for each in dataclasses.fields(GuardConfig) if each.name != "scope")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "kind": (str,),
    "action": (str,),
    "on_error": (str,),
    "mode": (str,),
    "replacement": (str,),
    "replacement_text": (str,),
    "version": (int,),
    "deadline_ms": (int,),
    "rollout_percent": (int,),
    "remembers_s": (int,),
    "is_shadow": (bool,),
    "threshold": (int, float),
    "places": (list, tuple),
    "guards": (list, tuple),
    "actions": (Mapping,),
    "thresholds": (Mapping,),
    "parameters": (Mapping,),
}


def load_policy(path: str | Path) -> Policy:
    """Read a policy from a YAML or JSON file. Raises PolicyError, naming the file, for one that cannot be enforced."""
    # Read by those who have such files; JSON is YAML, too.
    import yaml  # noqa: PLC0415

    file = Path(path)
    try:
        return policy_from(yaml.safe_load(file.read_text(encoding="utf-8")), name=file.stem)
    except OSError as error:
        raise PolicyError(f"{file}: {error.strerror}; give the path of a policy") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        raise PolicyError(
            f"{file}: not YAML{f', line {where.line + 1}' if where else ''}; mend it"
        ) from error
    except PolicyError as error:
        raise PolicyError(f"{file}: {error}") from error


def policy_from(document: Any, *, name: str = "policy") -> Policy:
    """Return the policy that a parsed document describes. Raises PolicyError with a sentence about the first mistake."""
    fields = _fields(document, _OF_POLICY, "a policy")
    guards = fields.get("guards", ())
    title = fields.get("name", name)
    policy = Policy(
        id=uuid5(_FILES, title),
        name=title,
        version=fields.get("version", 1),
        remembers_s=fields.get("remembers_s", 0),
        guards=tuple(_guard(each, number) for number, each in enumerate(guards, start=1)),
    )
    validate_policy(policy)
    return policy


def _guard(document: Any, number: int) -> GuardConfig:
    fields = _fields(document, _OF_GUARD, f"guard {number}")
    for required in ("kind", "action"):
        if required not in fields:
            raise PolicyError(f"guard {number} has no {required!r}; say which")
    fields.setdefault("name", fields["kind"])
    if "places" in fields:
        fields["places"] = frozenset(map(str, fields["places"]))
    return GuardConfig(**fields)


def _fields(document: Any, known: tuple[str, ...], what: str) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise PolicyError(
            f"{what} must be an object with fields, not {type(document).__name__}; {hints.known('', known)}"
        )
    for name, value in document.items():
        if name not in known:
            raise PolicyError(f"{what} has no field {str(name)[:60]!r}; {hints.known(name, known)}")
        is_number_not_truth = bool not in _TYPES[name] and isinstance(value, bool)
        if not isinstance(value, _TYPES[name]) or is_number_not_truth:
            expected = " or ".join("an object" if each is Mapping else each.__name__ for each in _TYPES[name])
            raise PolicyError(
                f"{what}, {name!r} must be {expected}, not {type(value).__name__}: write it as such"
            )
    return dict(document)
