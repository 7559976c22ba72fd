"""Typed readers of the environment. A value that cannot be understood stops the start with a sentence."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return a variable's value. Without a default it is required."""
    value = os.environ.get(name, default)  # noqa: TID251
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See docs/reference/settings.md.")
    return value


def number(name: str, default: int) -> int:
    """Return a variable as a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def flag(name: str, default: bool) -> bool:
    """Return a variable as yes or no."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def names(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def everything() -> dict[str, str]:
    """Return all variables, for what is looked up by a pattern of names."""
    return dict(os.environ)  # noqa: TID251


def path(name: str, default: str) -> Path:
    """Return a variable as an absolute path."""
    return Path(text(name, default)).expanduser().absolute()
