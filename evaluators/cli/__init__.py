"""The command `parapet`. Other packages add commands of their own by the entry point group `parapet.commands`."""

from evaluators.cli.main import parapet

__all__ = ["parapet"]
