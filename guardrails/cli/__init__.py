"""The command `parapet models`."""

from guardrails.cli.models import models

__all__ = ["models"]
