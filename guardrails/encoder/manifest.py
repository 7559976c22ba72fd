"""`model.json`: what a folder of weights holds, how its answers are to be understood, and the hashes that prove it whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardrails.encoder.calibration import Calibration
from guardrails.encoder.labels import TOKEN_LABELS, TRAINED_TOXICITY_LABELS

MANIFEST = "model.json"
GRAPH = "model.int8.onnx"
TENSORS = "model.bf16.safetensors"
TOKENIZER = "tokenizer.json"
FORMAT = 1


class EncoderError(RuntimeError):
    """A folder of weights cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """A sentence whose answers are known, to find out at the start whether this machine computes as it should."""

    text: str
    injection: float
    toxicity: float
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `model.json` says."""

    version: str
    shape: Mapping[str, int]
    calibration: Calibration
    self_test: SelfTest
    sha256: Mapping[str, str]


def read_manifest(directory: Path) -> Manifest:
    """Read what a folder of weights says about itself."""
    path = directory / MANIFEST
    try:
        said: Mapping[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise EncoderError(
            f"{directory} holds no {MANIFEST}; `parapet models fetch` brings the weights, "
            "`parapet models train` makes new ones"
        ) from None
    except ValueError as error:
        raise EncoderError(f"{path} is not JSON: {error}") from None
    try:
        return _manifest(said)
    except (KeyError, TypeError) as error:
        raise EncoderError(f"{path} lacks or misstates {error}; fetch or train the model anew") from None


def verify(directory: Path, manifest: Manifest) -> None:
    """Raise unless every file is, to the last byte, the one that was written."""
    for name, expected in manifest.sha256.items():
        path = directory / name
        if not path.is_file():
            raise EncoderError(f"{path} is missing; `parapet models fetch` brings it again")
        found = sha256_of(path)
        if found != expected:
            raise EncoderError(
                f"{path} has the SHA-256 {found}, but {MANIFEST} says {expected}: fetch it again"
            )


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(said: Mapping[str, Any]) -> Manifest:
    if said["format"] != FORMAT:
        raise KeyError(f"format {FORMAT}")
    labels = said["labels"]
    if tuple(labels["tokens"]) != TOKEN_LABELS or tuple(labels["toxicity"]) != TRAINED_TOXICITY_LABELS:
        raise KeyError("the labels that this version of Parapet knows")
    test = said["self_test"]
    return Manifest(
        version=str(said["version"]),
        shape=said["shape"],
        calibration=Calibration.from_json(said["calibration"]),
        self_test=SelfTest(
            text=test["text"],
            injection=test["injection"],
            toxicity=test["toxicity"],
            entities=tuple(test["entities"]),
        ),
        sha256=said["files"],
    )
