"""Workers killed over and over in the middle of judge jobs and of an experiment: is each thing scored once?

`python -m tests.benchmarks.kill_jobs --jobs 2000 --kills 300` judges 2,000 calls while worker processes are killed with SIGKILL
300 times, every tenth time the whole worker with its children; every fiftieth time Redis is emptied. One call brings down each
worker that judges it, another asks for more memory than there is. Then an experiment runs under the same fire. The store, the
queue, the database and the workers are the real ones; a fake model answers where the proxy would.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.guard_server import running_guard_server

ROOT = Path(__file__).resolve().parents[2]
CONCURRENCY = 4
PAUSE_S = 0.05
FLUSH_EVERY = 50


@dataclass
class Fleet:
    """Workers under fire: one `celery worker` with children, started again whenever it is gone."""

    environment: dict[str, str]
    log: Path
    kills: int = 0
    whole_kills: int = 0
    whole_every: int = 10
    """Of so many kills, one is of the worker with all of its children."""
    process: "subprocess.Popen[bytes] | None" = None
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def ensure(self) -> None:
        """Start the worker if it is not there."""
        if self.process is None or self.process.poll() is not None:
            arguments = [
                "--queues",
                "default,evals",
                "--concurrency",
                str(CONCURRENCY),
                "--loglevel",
                "error",
            ]
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "tests.fakes.killed_workers",
                        *arguments,
                        "--without-mingle",
                        "--without-gossip",
                    ],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill_one(self) -> bool:
        """Kill a child, or now and then everything; False while there is nobody to kill."""
        assert self.process is not None
        children = _children(self.process.pid)
        if not children:
            return False
        self.kills += 1
        if self.kills % self.whole_every == 0:
            self.whole_kills += 1
            self.stop()
        else:
            os.kill(self.dice.choice(children), signal.SIGKILL)
        return True

    def stop(self) -> None:
        """Kill the worker and all of its children."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def rehearse(*, jobs: int, kills: int, lease_s: float, directory: Path) -> dict[str, Any]:
    """Run both rehearsals and return what came of them."""
    with ExitStack() as stack:
        redis_url, flush = stack.enter_context(_redis())
        clickhouse_url = stack.enter_context(_clickhouse(directory))
        upstream = stack.enter_context(_model())
        # Answers of experiments pass the project's policy before they are stored; its patterns need no encoder.
        guard_url = stack.enter_context(running_guard_server(weights=directory))
        environment = _environment(directory, redis_url, clickhouse_url, upstream.url, guard_url)
        os.environ.update(environment)
        _prepare()
        fleet = Fleet({**os.environ, "PARAPET_TEST_LEASE_S": str(lease_s)}, directory / "workers.log")
        stack.callback(fleet.stop)
        judged = _judge_jobs(fleet, flush, jobs=jobs, kills=kills, upstream=upstream)
        tried = _experiment(
            fleet, flush, cases=max(jobs // 8, 30), kills=max(kills // 10, 2), upstream=upstream
        )
    return {"judge_jobs": judged, "experiment": tried}


def _judge_jobs(fleet: Fleet, flush: Any, *, jobs: int, kills: int, upstream: Any) -> dict[str, Any]:
    from django.utils import timezone

    from console.evaluations import actions, tasks
    from console.evaluations.models import Job
    from console.store import store
    from ingest.queries.sampling import Call
    from ingest.writer import write
    from tests.fakes.killed_workers import HUNGRY, POISON
    from tests.makers import make_span

    project, owner = _project()
    now = timezone.now()
    rule = actions.create_rule(
        project=project, by=owner, name="polite", kind="rubric", parameters={"question": "Is it polite?"},
        judge_model="fake-model", most_per_day=10_000_000, now=now,
    )  # fmt: skip
    texts = [POISON, HUNGRY, *(f"answer {number}" for number in range(jobs - 2))]
    spans = [
        make_span(project.id, at=now, output_messages=[{"role": "assistant", "content": text}])
        for text in texts
    ]
    for start in range(0, len(spans), 500):
        write(store(), spans[start : start + 500], token=uuid.uuid4().hex)
    owed = actions.queue(rule, [Call(span.trace_id, span.span_id, now) for span in spans], now=now)
    for job in owed[: actions.AWAKE]:
        tasks.judge.delay(job)
    began = time.monotonic()
    open_jobs = Job.objects.filter(state__in=["waiting", "running"])
    flushed = _under_fire(
        fleet, flush, kills=kills, left=open_jobs.count, is_open=open_jobs.exists, sweep=tasks.sweep
    )
    states = Counter(Job.objects.values_list("state", flat=True))
    rows = store().query("SELECT id, count() FROM scores WHERE name = 'polite' GROUP BY id").result_rows
    spans_scored = (
        store().query("SELECT uniqExact(span_id) FROM scores WHERE name = 'polite'").result_rows[0][0]
    )
    judged_poison = Job.objects.get(span_id=spans[0].span_id)
    return {
        "jobs": len(owed),
        "kills": fleet.kills,
        "of_whole_workers": fleet.whole_kills,
        "redis_flushed": flushed,
        "states": dict(states),
        "scored": len(rows),
        "spans_scored": spans_scored,
        "scored_twice": len(rows) - spans_scored,
        "written_again_with_the_same_id": sum(count > 1 for _, count in rows),
        "lost": len(owed) - spans_scored - states["dead"],
        "given_up_but_not_poison": states["dead"] - (judged_poison.state == "dead"),
        "calls_of_the_model": len(upstream.requests),
        "seconds": round(time.monotonic() - began, 1),
    }


def _experiment(fleet: Fleet, flush: Any, *, cases: int, kills: int, upstream: Any) -> dict[str, Any]:
    from django.utils import timezone

    from console.datasets import actions as datasets
    from console.datasets.content import content_of
    from console.datasets.models import Source
    from console.evaluations.models import Job
    from console.experiments import actions, tasks
    from console.experiments.definition import definition_of
    from console.experiments.models import Experiment, State, Trial
    from console.experiments.results import verdict_on
    from tests.fakes.killed_workers import POISON

    Job.objects.all().delete()
    project, owner = _project()
    dataset = datasets.create_dataset(project=project, by=owner, name="words")
    # Each arm's poison takes five leases to be given up; a small rehearsal has had enough of that with the judge jobs.
    first = POISON if cases > 50 else "bread"
    words = [first, *(f"word{number:05}" for number in range(cases - 1))]
    put = [
        datasets.NewItem(content=content_of({"id": f"c{n}", "inputs": {"word": word}}), source=Source.PERSON)
        for n, word in enumerate(words)
    ]
    datasets.save_version(dataset=dataset, author="x", by=owner, now=timezone.now(), put=put)
    plan = actions.create_experiment(project=project, by=owner, name="under fire", dataset=dataset, version=1)
    for name, prompt in (("echo", "Say {{ inputs.word }}"), ("mute", "Say nothing")):
        plan = actions.set_arm(plan, name=name, settings={"prompt": prompt, "model": "fake-model"})
    plan = actions.set_evaluator(
        plan,
        name="repeats",
        kind="contains",
        parameters={"value": "{{ inputs.word }}"},
        rule={"margin": "5pt"},
    )
    plan = actions.set_evaluator(
        plan, name="polite", kind="rubric", parameters={"question": "Is it polite?"}, judge_model="fake-model"
    )
    plan = actions.set_options(plan, trials=1, cost_cap_usd=None, concurrency=8, estimand="population")
    experiment = actions.start(experiment=plan, by=owner, now=timezone.now())
    tasks.work.delay(str(experiment.pk))
    asked_before, killed_before, whole_before = len(upstream.requests), fleet.kills, fleet.whole_kills
    began = time.monotonic()

    open_trials = Trial.objects.filter(experiment=experiment, state__in=["waiting", "running"])
    # One child holds all of an experiment's trials; the death of another would disturb nobody.
    fleet.whole_every = 1

    def is_open() -> bool:
        return Experiment.objects.filter(state=State.RUNNING).exists()

    flushed = _under_fire(
        fleet, flush, kills=kills, left=open_trials.count, is_open=is_open, sweep=tasks.sweep
    )
    experiment.refresh_from_db()
    trials = Trial.objects.filter(experiment=experiment)
    verdict = verdict_on(experiment, definition_of(experiment), "mute").decision
    answered = Counter(
        request.headers["x-parapet-prompt"] for request in upstream.requests[asked_before:]
        if "x-parapet-prompt" in request.headers
    )  # fmt: skip
    return {
        "trials": trials.count(),
        "kills": fleet.kills - killed_before,
        "of_whole_workers": fleet.whole_kills - whole_before,
        "redis_flushed": flushed,
        "experiment": experiment.state,
        "states": dict(Counter(trials.values_list("state", flat=True))),
        "scored_once_by_every_evaluator": trials.filter(
            state="done", outcomes__repeats__state="scored", outcomes__polite__state="scored"
        ).count(),
        "answers_asked_for_again": sum(answered.values()) - trials.count(),
        "verdict": verdict.state,
        "seconds": round(time.monotonic() - began, 1),
    }


def _under_fire(fleet: Fleet, flush: Any, *, kills: int, left: Any, is_open: Any, sweep: Any) -> int:
    """Kill workers, evenly over the work that is left, until all is done; return how often Redis was emptied."""
    total, killed, flushed, swept = left(), 0, 0, 0.0
    quiet, before = time.monotonic(), total
    while is_open():
        fleet.ensure()
        time.sleep(PAUSE_S)
        now_left = left()
        if killed < kills and now_left <= total * (1 - killed / kills) and fleet.kill_one():
            killed += 1
            if killed % FLUSH_EVERY == 0 or killed == kills:
                flush()
                flushed += 1
        if time.monotonic() - swept > 1.0:
            sweep()
            swept = time.monotonic()
        if now_left != before:
            quiet, before = time.monotonic(), now_left
        if time.monotonic() - quiet > 900:
            raise SystemExit(f"nothing was done for 15 minutes; see {fleet.log}")
    return flushed


def _project() -> Any:
    from console.accounts.actions import create_project
    from console.accounts.models import Project, User

    known = Project.objects.first()
    if known is not None:
        return known, known.members.first()
    owner = User.objects.create_user(email="owner@example.com", password=uuid.uuid4().hex)
    return create_project(name="Fire", by=owner, owner=owner), owner


def _environment(
    directory: Path, redis_url: str, clickhouse_url: str, proxy_url: str, guard_url: str
) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "console.settings.base",
        "PARAPET_HOME": str(directory),
        "PARAPET_SECRET_KEY": "a secret for killing",
        "PARAPET_REDIS_URL": redis_url,
        "PARAPET_CLICKHOUSE_URL": clickhouse_url,
        "PARAPET_PROXY_URL": proxy_url,
        "PARAPET_GUARD_URL": guard_url,
        "PARAPET_LOG_LEVEL": "ERROR",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _prepare() -> None:
    from django.core.management import call_command

    import console.celery  # noqa: F401 - sets Django up, and the application that tasks are sent by

    call_command("migrate", verbosity=0)


@contextmanager
def _model() -> Iterator[Any]:
    """A model that takes a moment, echoes prompts and finds everything polite."""
    from tests.fakes.upstream import FakeUpstream, Received, Reply, as_json, completion

    def answer(request: Received) -> Reply:
        body = request.json
        if not body.get("logprobs"):
            reply = as_json(completion(body["messages"][-1]["content"], model=body["model"]))
            return Reply(status=200, headers=reply.headers, pieces=reply.pieces, delay_s=0.05)
        made = completion("A", model=body["model"])
        top = [{"token": "A", "logprob": -0.01}, {"token": "B", "logprob": -5.0}]
        made["choices"][0]["logprobs"] = {"content": [top[0] | {"top_logprobs": top}]}
        reply = as_json(made)
        return Reply(status=200, headers=reply.headers, pieces=reply.pieces, delay_s=0.05)

    with FakeUpstream(default=answer) as upstream:
        yield upstream


@contextmanager
def _redis() -> Iterator[tuple[str, Any]]:
    import redis

    from tests.fixtures.redis import free_port, redis_binary

    port = free_port()
    arguments = ["--port", str(port), "--save", "", "--appendonly", "no", "--loglevel", "warning"]
    server = subprocess.Popen([redis_binary(), *arguments], stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    try:
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0", client.flushall
    finally:
        client.close()
        server.terminate()
        server.wait()


@contextmanager
def _clickhouse(directory: Path) -> Iterator[str]:
    from ingest.clickhouse import migrate
    from ingest.clickhouse.client import connect
    from tests.fixtures.store import EmbeddedServer

    (directory / "clickhouse").mkdir()
    server = EmbeddedServer(directory / "clickhouse")
    server.start()
    url = f"http://127.0.0.1:{server.port}/parapet"
    try:
        migrate.ensure_database(url)
        client = connect(url)
        migrate.apply(client)
        client.close()
        yield url
    finally:
        server.stop()


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def main() -> None:
    """Run it and print what came of it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--lease", type=float, default=4.0, help="seconds a worker may be silent")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parapet-kills-") as directory:
        found = rehearse(jobs=given.jobs, kills=given.kills, lease_s=given.lease, directory=Path(directory))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
