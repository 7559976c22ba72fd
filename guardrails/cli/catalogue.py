"""Models that others have published, and how to bring them here unchanged."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from guardrails.encoder.manifest import MANIFEST, read_manifest

Say = Callable[[str], None]
_CHUNK = 1 << 20
_TIMEOUT_S = 60
_BESIDE = ("CARD.md", "ATTRIBUTIONS.md", "evaluation.json")


class DownloadError(RuntimeError):
    """A file could not be brought, or is not the one it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model as somebody published it."""

    purpose: str
    licence: str
    megabytes: int
    root: str
    files: Mapping[str, str]
    """Each file with the beginning of its SHA-256, as long as it is publicly known."""


_DETOXIFY = "https://github.com/unitaryai/detoxify/releases/download/"
CATALOGUE: Mapping[str, Published] = {
    "all-minilm-l6-v2": Published(
        purpose="the encoder that training starts from",
        licence="Apache-2.0",
        megabytes=91,
        root="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/",
        files={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
    ),
    "detoxify-original": Published(
        purpose="toxicity of comments, English",
        licence="Apache-2.0",
        megabytes=438,
        root=_DETOXIFY + "v0.1-alpha/",
        files={"toxic_original-c1212f89.ckpt": "c1212f89"},
    ),
    "detoxify-unbiased": Published(
        purpose="the same, less biased against identities",
        licence="Apache-2.0",
        megabytes=499,
        root=_DETOXIFY + "v0.3-alpha/",
        files={"toxic_debiased-c7548aa0.ckpt": "c7548aa0"},
    ),
    "detoxify-multilingual": Published(
        purpose="the same in seven languages",
        licence="Apache-2.0",
        megabytes=1112,
        root=_DETOXIFY + "v0.4-alpha/",
        files={"multilingual_debiased-0b549669.ckpt": "0b549669"},
    ),
}


def fetch_published(name: str, folder: Path, *, source: str, say: Say) -> None:
    """Bring the files of a published model."""
    model = CATALOGUE[name]
    for file, sha256 in model.files.items():
        _bring(source or model.root, file, folder, sha256=sha256, say=say)


def fetch_encoder(source: str, folder: Path, *, say: Say) -> None:
    """Bring weights of our own kind: the manifest first, then every file whose hash it knows, then what describes them."""
    with tempfile.TemporaryDirectory() as first:
        _bring(source, MANIFEST, Path(first), sha256="", say=say)
        manifest = read_manifest(Path(first))
        for name, sha256 in manifest.sha256.items():
            _bring(source, name, folder, sha256=sha256, say=say)
        for name in _BESIDE:
            _bring(source, name, folder, sha256="", say=say)
        shutil.copyfile(Path(first) / MANIFEST, folder / MANIFEST)


def _bring(source: str, name: str, folder: Path, *, sha256: str, say: Say) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    fresh = folder / f".{name}.new"
    try:
        with _opened(source, name) as file, fresh.open("wb") as copy:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
        if not digest.hexdigest().startswith(sha256):
            raise DownloadError(
                f"{name} from {source} has the SHA-256 {digest.hexdigest()}, but {sha256} was expected: "
                "nothing was kept"
            )
        fresh.replace(folder / name)
    except (URLError, OSError) as error:
        raise DownloadError(
            f"{name} could not be brought from {source}: {error}; --from names a folder or a mirror that has it"
        ) from None
    finally:
        fresh.unlink(missing_ok=True)
    say(f"{folder / name}  {digest.hexdigest()}")


def _opened(source: str, name: str) -> AbstractContextManager[Any]:
    scheme = urlsplit(source).scheme
    if scheme in ("http", "https"):
        answer: AbstractContextManager[Any] = urlopen(  # noqa: S310
            f"{source.rstrip('/')}/{name}", timeout=_TIMEOUT_S
        )
        return answer
    if scheme:
        raise DownloadError(f"{source} is neither a folder nor an http(s) address")
    return (Path(source) / name).open("rb")
