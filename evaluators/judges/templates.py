"""A judge's prompt: a Markdown file of this package, with lookups and nothing else."""

import functools
import importlib.resources
import re
from collections.abc import Mapping

_LOOKUP = re.compile(r"\{\{ (\w+) \}\}")
_PARTS = "\n---\n"


@functools.cache
def load(name: str) -> str:
    """Return the text of `prompts/<name>.md`."""
    return importlib.resources.files("evaluators.judges").joinpath("prompts", f"{name}.md").read_text("utf-8")


def rendered(template: str, values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the messages of a template: before the rule the system's, after it the user's.

    Values are put in once and never looked into again, so a value that holds `{{ … }}` stays as it is.
    """
    system, _, user = template.partition(_PARTS)
    filled = [_LOOKUP.sub(lambda match: values[match[1]], part).strip() for part in (system, user)]
    return [{"role": "system", "content": filled[0]}, {"role": "user", "content": filled[1]}]
