"""Suites inside pytest: tests give the answers, the gate decides once at the end of the session.

The plugin does nothing until a test is marked with `cases`.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evaluators.pytest_plugin.trial import PytestTrial

MARK = "parapet_cases"


def cases(suite: str) -> pytest.MarkDecorator:
    """Run a test once for every case of a suite; the path is relative to the test's file.

    The test takes `case`, a case of the suite, and `trial`, to which it hands its answer.
    """
    return getattr(pytest.mark, MARK)(suite)  # type: ignore[no-any-return]


__all__ = ["MARK", "PytestTrial", "cases"]


def __getattr__(name: str) -> object:
    if name == "PytestTrial":
        from evaluators.pytest_plugin.trial import PytestTrial  # noqa: PLC0415 - loaded when asked for

        return PytestTrial
    raise AttributeError(name)
