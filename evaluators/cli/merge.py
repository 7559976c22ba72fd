"""`parapet eval merge`: put the shards of a run together and decide."""

from collections.abc import Sequence
from pathlib import Path

import click

from evaluators import settings, trials
from evaluators.cli.again import decided_again
from evaluators.cli.options import output_option, store_option
from evaluators.errors import TrialLogError
from evaluators.suites.choice import shard_of
from evaluators.trials import TrialKey, TrialLog


@click.command()
@click.argument("runs", nargs=-1, required=True)
@output_option
@store_option
def merge(runs: tuple[str, ...], output: str | None, store: Path | None) -> int:
    """Put RUNS together, the shards of one suite (names or folders, perhaps from several machines), and decide."""
    root = store or settings.read().home / "evals"
    logs = [trials.read(trials.find(root, name)) for name in runs]
    _check(logs)
    header = {key: value for key, value in logs[0].header.items() if key not in ("shard", "run")}
    header["cases"] = [case for log in logs for case in log.header["cases"]]
    header["digest"] = "merged:" + "+".join(log.header["digest"] for log in logs)
    whole = trials.create(root, header)
    try:
        for log in logs:
            for key, answer in log.answers.items():
                whole.add_answer(key, answer)
            for (key, metric, version), outcome in log.scores.items():
                whole.add_score(key, metric, version, outcome)
            for (case, arm, number), said in log.again.items():
                for metric, value in said.items():
                    cost = log.again_cost_usd / sum(map(len, log.again.values()))
                    whole.add_again(TrialKey(case, arm, number, ""), metric, value, cost)
            for check in log.canaries.values():
                if _is_news(whole, check.metric, check.alarm):
                    whole.add_canaries(check)
    finally:
        whole.close()
    return decided_again(whole, output)


def _check(logs: Sequence[TrialLog]) -> None:
    """Raise TrialLogError for runs that are not the parts of one whole."""
    for log in logs:
        if "shard" not in log.header:
            raise TrialLogError(f"run {log.name} is no shard; `run --shard 1/2` makes one")
        if log.header["same_but_cases"] != logs[0].header["same_but_cases"]:
            raise TrialLogError(
                f"run {log.name} is of another suite than run {logs[0].name}, or the suite has changed"
            )
    parts = [shard_of(log.header["shard"]) for log in logs]
    count = parts[0][1]
    missing = sorted(set(range(1, count + 1)) - {part for part, _ in parts})
    if {total for _, total in parts} != {count} or len(parts) != len({part for part, _ in parts}):
        raise TrialLogError(
            "the runs are not the parts of one whole: " + ", ".join(f"{a}/{b}" for a, b in parts)
        )
    if missing:
        raise TrialLogError("shards are missing: " + ", ".join(f"{part}/{count}" for part in missing))


def _is_news(log: TrialLog, metric: str, alarm: str) -> bool:
    """Say whether a shard's canaries should be kept: the first, unless a later shard has an alarm."""
    return metric not in log.canaries or (bool(alarm) and not log.canaries[metric].alarm)
