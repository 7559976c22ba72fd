"""Reading YAML as people mean it: yes and no are words, and no key is given twice."""

import re
from pathlib import Path
from typing import Any

import yaml

from evaluators.errors import SuiteError


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of a boolean, and an error for a repeated key."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is given twice."""
        keys: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (str, int, float, bool)) and key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice", key_node.start_mark
                )
            keys.add(key if isinstance(key, (str, int, float, bool)) else id(key_node))
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    letter: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    list("tTfF"),
)


def parse_yaml(text: str, *, name: str) -> Any:
    """Parse YAML, or raise SuiteError naming the line."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, made stricter
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = error.problem or "not understood"
        hint = "; put a text with a question mark into quotes" if "'?'" in problem else ""
        raise SuiteError(f"{name}, line {line}: {problem}{hint}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SuiteError(f"{name}: not YAML: {type(error).__name__}") from error


def read_text(path: Path) -> str:
    """Read a file a suite names, or raise SuiteError saying why not."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise SuiteError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as UTF-8 text") from error
