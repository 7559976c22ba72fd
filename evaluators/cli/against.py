"""`--against`: what the candidate is compared with, when it is not the suite's own baseline."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from evaluators import stored, trials
from evaluators.errors import NoCasesError, SuiteError
from evaluators.recheck import Recheck
from evaluators.reuse import StoredBaseline
from evaluators.suites import LoadedSuite
from evaluators.suites.against import OtherCheckout, other_checkout
from evaluators.targets.stored import FINGERPRINT
from evaluators.trials import StoredAnswer, TrialLog

_RUN = "run:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Another checkout, or a stored run; neither for the suite's own baseline."""

    checkout: OtherCheckout | None = None
    run: TrialLog | None = None


@contextmanager
def against(wanted: str | None, suite: Path, root: Path) -> Iterator[Against]:
    """Find what `--against` names: a folder, a commit of this repository, or `run:NAME` of a stored run.

    A commit is laid out in a folder of its own for as long as this lasts; the repository is only read.
    """
    if wanted is None:
        yield Against()
    elif wanted.startswith(_RUN):
        yield Against(run=trials.read(trials.find(root, wanted.removeprefix(_RUN))))
    elif Path(wanted).is_dir():
        yield Against(checkout=_found(Path(wanted), wanted, suite))
    else:
        commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}")
        if commit is None:
            raise SuiteError(
                f"--against {wanted!r}: neither a folder, nor a commit of this repository, nor run:NAME of a stored run"
            )
        with tempfile.TemporaryDirectory(prefix="parapet-") as folder:
            yield Against(checkout=_found(_laid_out(commit, Path(folder)), wanted, suite))


def _found(root: Path, wanted: str, suite: Path) -> OtherCheckout | None:
    found = other_checkout(root, suite)
    if found is None:
        click.echo(f"{wanted} has no {suite}; the suite's own arms are compared", err=True)
    return found


def _laid_out(commit: str, folder: Path) -> Path:
    """Write a commit's files below a folder, and return where this directory is among them."""
    # An index of its own: neither the repository's nor its list of worktrees is touched.
    index = {"GIT_INDEX_FILE": str(folder / "index")}
    inside = _git("rev-parse", "--show-prefix") or ""
    top = _git("rev-parse", "--show-toplevel")
    files = folder / "files"
    for arguments in (
        ("read-tree", commit),
        ("checkout-index", "--all", "--quiet", f"--prefix={files}{os.sep}"),
    ):
        if _git(*arguments, cwd=top, **index) is None:
            raise SuiteError(f"--against: git {arguments[0]} failed for commit {commit[:12]}")
    return files / inside


def _git(*arguments: str, cwd: str | None = None, **variables: str) -> str | None:
    """Return what git prints; None when it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            ["git", *arguments],  # noqa: S607 - the one on the path
            cwd=cwd,
            env=os.environ | variables,  # noqa: TID251 - git's own settings are kept
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def compared_with(suite: LoadedSuite, run: TrialLog) -> tuple[LoadedSuite, StoredBaseline]:
    """Return the suite with a stored run's candidate as its baseline, and that run's answers.

    Only cases that the run has answered are compared, at as many trials as it has of each.
    """
    arm = stored.stored_gate(run).candidate
    answers: dict[tuple[str, int, str], StoredAnswer] = {}
    counts: dict[str, int] = {}
    for key, answer in run.answers.items():
        if key.arm == arm:
            answers[key.case, key.number, FINGERPRINT] = replace(answer, reused=answer.reused or run.name)
            counts[key.case] = max(counts.get(key.case, 0), key.number)
    cases = tuple(case for case in suite.cases if case.id in counts)
    if not cases:
        raise NoCasesError(f"run {run.name} answers none of the suite's cases")
    most = min(counts[case.id] for case in cases)
    looks = tuple(look for look in suite.gate.looks if look <= most) or (most,)
    baseline = suite.gate.baseline or "baseline"
    arms: dict[str, Mapping[str, Any]] = {
        baseline: {},
        suite.gate.candidate: suite.arms[suite.gate.candidate],
    }
    gate = replace(suite.gate, baseline=baseline, looks=looks)
    compared = replace(suite, cases=cases, arms=arms, gate=gate, stored_baseline=run.name)
    return compared, StoredBaseline(share=0.0, answers=answers)


def taken_as_it_is(run: TrialLog) -> Recheck:
    """Return what a report says of a baseline that is a stored run, which nobody asks again."""
    return Recheck(state="held", run=run.name)
