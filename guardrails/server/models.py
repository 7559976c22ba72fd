"""The models that an installation adds to the guard server, by the names under which policies ask for them.

A policy names a model; which file is loaded and which address is called stands in a file that only the operator writes.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


class ModelsError(ValueError):
    """The file of models says something that cannot be followed; the sentence names the model and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A sequence or token classifier of the Hugging Face kind, loaded into the workers."""

    name: str
    source: str
    """A folder, or a name at the hub."""
    revision: str = ""
    reads: Literal["text", "tokens"] = "text"
    labels: Mapping[str, str] = field(default_factory=dict)
    """What its labels are called here; a label that is not named keeps its name."""
    nothing: tuple[str, ...] = ()
    """Labels that say that nothing is wrong."""
    type: Literal["classifier"] = "classifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detoxify:
    """A checkpoint of Detoxify, loaded into the workers without asking anybody."""

    name: str
    checkpoint: Path
    config: Path
    """A folder with the configuration and the tokenizer of the model it was made from."""
    sha256: str
    type: Literal["detoxify"] = "detoxify"


EndpointType = Literal["llama_guard", "shieldgemma", "openai_moderation", "judge"]
ENDPOINT_TYPES: tuple[EndpointType, ...] = ("llama_guard", "shieldgemma", "openai_moderation", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model behind an OpenAI-compatible address."""

    name: str
    type: EndpointType
    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    at_once: int = 16
    """So many calls may be under way."""
    renders: bool = False
    """True to write Llama Guard's prompt here and use /completions; false where its server does so."""
    has_probabilities: bool = True
    """False where the server cannot say how likely its words were."""


LocalModel = Classifier | Detoxify
Model = LocalModel | Endpoint


def local_models(path: Path) -> Mapping[str, LocalModel]:
    """Read those models of the file that are loaded into workers, which need no keys. Raises ModelsError."""
    return {
        name: _local(name, kind, _Table(name, fields))
        for name, fields in _tables(path).items()
        if (kind := fields.get("type")) in ("classifier", "detoxify")
    }


def read_models(path: Path, environment: Mapping[str, str]) -> Mapping[str, Model]:
    """Read the file of models. Raises ModelsError with a sentence about what is wrong first."""
    return {name: _model(name, _Table(name, fields), environment) for name, fields in _tables(path).items()}


def _tables(path: Path) -> Mapping[str, dict[str, Any]]:
    try:
        said = tomllib.loads(path.read_text())
    except OSError as error:
        raise ModelsError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelsError(f"{path} is not TOML: {error}") from None
    models = said.pop("models", {})
    if said or not isinstance(models, dict) or not all(isinstance(each, dict) for each in models.values()):
        raise ModelsError(f"{path} holds something else than tables called [models.<name>]")
    return models


def _model(name: str, table: "_Table", environment: Mapping[str, str]) -> Model:
    if not _NAME.fullmatch(name):
        raise ModelsError(f"model {name[:64]!r}: a name has at most 64 letters, digits, '.', '_' and '-'")
    kind = table.text("type")
    if kind in ("classifier", "detoxify"):
        return _local(name, kind, table)
    endpoint_type = next((each for each in ENDPOINT_TYPES if each == kind), None)
    if endpoint_type is None:
        known = ["classifier", "detoxify", *ENDPOINT_TYPES]
        raise ModelsError(f"model {name!r}: unknown type {kind!r}; known: {known}")
    model = _endpoint(name, endpoint_type, table, environment)
    table.finish()
    return model


def _local(name: str, kind: str, table: "_Table") -> LocalModel:
    table.text("type", kind)
    model = _classifier(name, table) if kind == "classifier" else _detoxify(name, table)
    table.finish()
    return model


def _classifier(name: str, table: "_Table") -> Classifier:
    return Classifier(
        name=name,
        source=table.text("source"),
        revision=table.text("revision", ""),
        reads="tokens" if table.choice("reads", ("text", "tokens"), "text") == "tokens" else "text",
        labels=table.labels("labels"),
        nothing=table.texts("nothing"),
    )


def _detoxify(name: str, table: "_Table") -> Detoxify:
    sha256 = table.text("sha256").lower()
    if not _SHA256.fullmatch(sha256):
        raise ModelsError(
            f"model {name!r}: 'sha256' must be the 64 hexadecimal digits of the checkpoint's hash"
        )
    return Detoxify(
        name=name, checkpoint=Path(table.text("checkpoint")), config=Path(table.text("config")), sha256=sha256
    )


def _endpoint(name: str, kind: EndpointType, table: "_Table", environment: Mapping[str, str]) -> Endpoint:
    base_url = table.text("base_url").rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise ModelsError(
            f"model {name!r}: 'base_url' must be an http or https address such as https://host/v1, without a password"
        )
    variable = table.text("api_key_env", "")
    api_key = environment.get(variable, "") if variable else ""
    if variable and not api_key:
        raise ModelsError(f"model {name!r}: the variable {variable!r} that should hold its key is not set")
    return Endpoint(
        name=name,
        type=kind,
        base_url=base_url,
        model=table.text("model"),
        api_key=api_key,
        at_once=table.count("at_once", 16),
        renders=table.flag("renders", False),
        has_probabilities=table.flag("has_probabilities", True),
    )


class _Table:
    """The fields of one model; each is taken once, and none may be left over."""

    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        self._name = name
        self._fields = dict(fields)

    def text(self, field_name: str, default: str | None = None) -> str:
        value = self._fields.pop(field_name, default)
        if value is None:
            raise ModelsError(f"model {self._name!r} needs {field_name!r}")
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise ModelsError(f"model {self._name!r}: {field_name!r} must be a text")
        return value

    def choice(self, field_name: str, known: tuple[str, ...], default: str) -> str:
        value = self.text(field_name, default)
        if value not in known:
            raise ModelsError(f"model {self._name!r}: {field_name!r} is one of {list(known)}, not {value!r}")
        return value

    def texts(self, field_name: str) -> tuple[str, ...]:
        value = self._fields.pop(field_name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ModelsError(f"model {self._name!r}: {field_name!r} must be a list of texts")
        return tuple(value)

    def labels(self, field_name: str) -> Mapping[str, str]:
        value = self._fields.pop(field_name, {})
        if not isinstance(value, dict):
            raise ModelsError(f"model {self._name!r}: {field_name!r} must be a table")
        for label, called in value.items():
            if not isinstance(called, str) or not _LABEL.fullmatch(called):
                raise ModelsError(
                    f"model {self._name!r}: the label {label!r} must be called something in capitals, digits and _"
                )
        return value

    def flag(self, field_name: str, default: bool) -> bool:
        value = self._fields.pop(field_name, default)
        if not isinstance(value, bool):
            raise ModelsError(f"model {self._name!r}: {field_name!r} must be true or false")
        return value

    def count(self, field_name: str, default: int) -> int:
        value = self._fields.pop(field_name, default)
        if type(value) is not int or value < 1:
            raise ModelsError(f"model {self._name!r}: {field_name!r} must be a whole number of at least 1")
        return value

    def finish(self) -> None:
        if self._fields:
            raise ModelsError(f"model {self._name!r} has no field {sorted(self._fields)[0]!r}")
