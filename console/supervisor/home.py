"""The home of one installation: its folder, its secret, its lock, and what it wrote about itself."""

import fcntl
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LEAST_FREE_BYTES = 512 * 1024 * 1024
"""Below this, ClickHouse and the spool would stop within minutes."""


class StartError(Exception):
    """The start cannot go on. Its text is one sentence saying what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything one installation keeps."""

    path: Path

    def prepare(self) -> None:
        """Create the folder and check that it can be used. Raises StartError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            raise StartError(_cannot_use(self.path, error)) from error
        if free < LEAST_FREE_BYTES:
            raise StartError(
                f"only {free // 1024**2} MB are free on the disk of {self.path}: free at least "
                f"{LEAST_FREE_BYTES // 1024**2} MB, or set PARAPET_HOME to a folder on another disk"
            )

    def lock(self) -> IO[str]:
        """Take the lock that one running instance holds. Raises StartError when another has it."""
        try:
            handle = (self.path / "lock").open("a+")
        except OSError as error:
            raise StartError(_cannot_use(self.path / "lock", error)) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            owner = handle.read().strip() or "unknown"
            handle.close()
            raise StartError(
                f"Parapet already runs in {self.path} (process {owner}): stop it first, "
                "or set PARAPET_HOME to another folder"
            ) from None
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        return handle

    def secret_key(self) -> str:
        """Return the installation's secret, made at the first start and kept in a file of mode 600."""
        file = self.path / "secret.key"
        try:
            if not file.exists():
                write_private(file, secrets.token_urlsafe(48))
            return file.read_text().strip()
        except OSError as error:
            raise StartError(_cannot_use(file, error)) from error

    def write_environment(self, environment: dict[str, str]) -> None:
        """Note where the running instance's parts answer, for commands started beside it."""
        write_private(self.path / "instance.json", json.dumps(environment, indent=2))

    def environment(self) -> dict[str, str]:
        """Return what `write_environment` noted; empty when nothing ever ran here."""
        try:
            noted = json.loads((self.path / "instance.json").read_text())
        except (OSError, ValueError):
            return {}
        return {str(name): str(value) for name, value in noted.items()}


def _cannot_use(path: Path, error: OSError) -> str:
    return f"cannot use {path} ({error.strerror}): set PARAPET_HOME to a folder you may write to"


def home_from_environment() -> Home:
    """Return the home that PARAPET_HOME names, `.parapet` by default."""
    return Home(Path(os.environ.get("PARAPET_HOME", ".parapet")).expanduser().absolute())  # noqa: TID251


def adopt_environment() -> None:
    """Let a management command speak to the instance that runs in this home.

    What the environment already says wins; so a production installation, which sets everything, is untouched.
    """
    for name, value in home_from_environment().environment().items():
        os.environ.setdefault(name, value)  # noqa: TID251


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)
