"""The hooks pytest calls. Everything heavy is imported once a marked test exists."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evaluators.pytest_plugin import MARK

if TYPE_CHECKING:
    from evaluators.pytest_plugin.trial import PytestTrial

_PARTS = pytest.StashKey[Path]()
_TEXT = pytest.StashKey[str]()
_INPUT = "parapet_parts"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options."""
    group = parser.getgroup("parapet", "suites that are gated")
    group.addoption(
        "--evals-trials", type=int, default=1, metavar="N", help="Run every case of a suite N times."
    )
    group.addoption("--evals-against", metavar="RUN", help="Compare with the answers of this stored run.")
    group.addoption("--evals-offline", action="store_true", help="Leave out evaluators that ask a model.")
    group.addoption(
        "--evals-store", metavar="DIR", help="Where runs are kept, $PARAPET_HOME/evals by default."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, and find out where a worker leaves its answers."""
    config.addinivalue_line(
        "markers", f"{MARK}(suite): run once for every case of a suite, and gate the answers"
    )
    given = getattr(config, "workerinput", {}).get(_INPUT)
    if given is not None:
        config.stash[_PARTS] = Path(given)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the controller will look."""
    node.workerinput[_INPUT] = str(_parts(node.config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn a marked test into one for every case and trial."""
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is None:
        return
    from evaluators.pytest_plugin.session import cases_of  # noqa: PLC0415 - see above

    path = metafunc.definition.path.parent / mark.args[0]
    found = cases_of(path)
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", found, ids=[case.id for case in found])
    count = metafunc.config.getoption("--evals-trials")
    if "trial" in metafunc.fixturenames:
        numbers = range(1, count + 1)
        metafunc.parametrize(
            "trial", numbers, indirect=True, ids=[f"trial{n}" if count > 1 else "" for n in numbers]
        )


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> "Iterator[PytestTrial]":
    """One trial of one case: record the answer here."""
    from evaluators.pytest_plugin.trial import PytestTrial  # noqa: PLC0415 - see above

    mark = request.node.get_closest_marker(MARK)
    if mark is None or "case" not in request.fixturenames:
        raise pytest.UsageError(
            "the fixture `trial` needs the mark `evaluators.pytest_plugin.cases` and `case`"
        )
    current = PytestTrial(
        suite=request.path.parent / mark.args[0],
        case=request.getfixturevalue("case"),
        number=request.param,
        parts=_parts(request.config),
        test=request.node.nodeid,
    )
    yield current
    current.close()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Decide, in the one process that has all the answers, before pytest writes its JUnit file."""
    config = session.config
    if hasattr(config, "workerinput") or _PARTS not in config.stash:
        return
    parts = config.stash[_PARTS]
    try:
        if any(parts.iterdir()):
            from evaluators.pytest_plugin.session import decide_all  # noqa: PLC0415 - see above

            text, code = decide_all(
                config,
                parts,
                against=config.getoption("--evals-against"),
                offline=config.getoption("--evals-offline"),
                store=config.getoption("--evals-store"),
            )
            config.stash[_TEXT] = text
            session.exitstatus = int(exitstatus) or code
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the gate's reports."""
    text = config.stash.get(_TEXT, "")
    if text:
        terminalreporter.section("gate")
        terminalreporter.write_line(text)


def _parts(config: pytest.Config) -> Path:
    """Return the folder in which this session's processes leave their answers."""
    if _PARTS not in config.stash:
        config.stash[_PARTS] = Path(tempfile.mkdtemp(prefix="parapet-"))
    return config.stash[_PARTS]
