"""What the command line reads from its environment, once."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluators.errors import SuiteError

_OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where models are reached and where runs are kept."""

    home: Path
    """PARAPET_HOME; runs are kept in its folder `evals`."""
    base_url: str | None
    """The endpoint a suite uses when it names none."""
    api_key: str | None
    variables: Mapping[str, str]
    """The environment, for the keys a suite asks for by name."""


def read() -> Settings:
    """Read the environment: OpenAI's variables first, then Parapet's, then the credentials of a running Parapet."""
    return settings_from(dict(os.environ))  # noqa: TID251


def settings_from(variables: Mapping[str, str]) -> Settings:
    """Return the settings a set of variables means."""
    home = Path(variables.get("PARAPET_HOME") or ".parapet")
    base_url, api_key = variables.get("OPENAI_BASE_URL"), variables.get("OPENAI_API_KEY")
    if not base_url and not api_key:
        base_url, api_key = variables.get("PARAPET_PROXY_URL"), variables.get("PARAPET_API_KEY")
        found = _credentials(home / "credentials.json")
        base_url, api_key = base_url or found.get("proxy_url"), api_key or found.get("api_key")
    elif not base_url:
        base_url = _OPENAI
    return Settings(home=home, base_url=base_url or None, api_key=api_key or None, variables=variables)


def _credentials(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SuiteError(f"{path}: cannot be read as JSON; start Parapet again or remove the file") from error
    return content if isinstance(content, dict) else {}
