"""Every process of an installation: its command, what it waits for, what it needs to be told."""

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.supervisor.checks import answers_http, answers_redis, writes_heartbeat
from console.supervisor.child import ChildSpec
from console.supervisor.home import Home, StartError
from console.supervisor.ports import free_ports, require_free
from console.supervisor.redis_binary import find_redis

NAMES = (
    "redis",
    "clickhouse",
    "guard",
    "web",
    "worker",
    "gpu",
    "beat",
    "proxy",
    "receiver",
    "shipper",
)
_URL_OF = {
    "redis": "PARAPET_REDIS_URL",
    "clickhouse": "PARAPET_CLICKHOUSE_URL",
    "guard": "PARAPET_GUARD_URL",
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "web": ("redis", "clickhouse", "guard"),
    "worker": ("redis", "clickhouse"),
    "gpu": ("redis", "clickhouse"),
    "beat": ("redis",),
    "proxy": ("redis", "guard"),
    "receiver": ("redis", "guard"),
    "shipper": ("clickhouse",),
}
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be started, and what each process will be told."""

    home: Home
    host: str
    console_port: int
    proxy_port: int
    otlp_port: int
    names: tuple[str, ...]
    environment: dict[str, str]
    internal_ports: Mapping[str, int]

    @property
    def has_console(self) -> bool:
        """Whether the relational database is ours to migrate."""
        return "web" in self.names


def make_plan(home: Home, *, only: tuple[str, ...], given: Mapping[str, str]) -> Plan:
    """Decide what runs here and where it answers. Raises StartError."""
    unknown = [name for name in only if name not in NAMES]
    if unknown:
        raise StartError(f"--only names {', '.join(unknown)}; the processes are {', '.join(NAMES)}")
    names = tuple(name for name in NAMES if (name in only if only else _is_wanted(name, given)))
    host = given.get("PARAPET_HOST", _LOOPBACK)
    console_port = _port("PARAPET_CONSOLE_PORT", 8000, given)
    proxy_port = _port("PARAPET_PROXY_PORT", 8080, given)
    otlp_port = _port("PARAPET_OTLP_PORT", 4318, given)
    _require_ports(names, host, console_port, proxy_port, otlp_port)
    internal: list[str] = [name for name in _URL_OF if name in names]
    ports = dict(
        zip(internal, free_ports(len(internal), taken=(console_port, proxy_port, otlp_port)), strict=True)
    )
    shown = _LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104
    environment = {
        "PARAPET_HOME": str(home.path),
        "PARAPET_SECRET_KEY": given.get("PARAPET_SECRET_KEY") or home.secret_key(),
        "PARAPET_DATABASE_URL": f"sqlite://{home.path}/console.sqlite3",
        "PARAPET_SPOOL_DIR": str(home.path / "spool"),
        "PARAPET_SNAPSHOT_FILE": str(home.path / "snapshot.json"),
        "PARAPET_CONSOLE_URL": f"http://{shown}:{console_port}",
        "PARAPET_PROXY_URL": f"http://{shown}:{proxy_port}/v1",
        "PARAPET_OTLP_URL": f"http://{shown}:{otlp_port}",
    }
    if "redis" in ports:
        environment["PARAPET_REDIS_URL"] = f"redis://{_LOOPBACK}:{ports['redis']}/0"
    if "clickhouse" in ports:
        environment["PARAPET_CLICKHOUSE_URL"] = f"http://{_LOOPBACK}:{ports['clickhouse']}/parapet"
    if "guard" in ports:
        environment["PARAPET_GUARD_URL"] = f"http://{_LOOPBACK}:{ports['guard']}"
        environment["PARAPET_GUARD_TOKEN"] = secrets.token_urlsafe(32)
    ours = {_URL_OF[name] for name in ports}
    environment |= {
        name: value for name, value in given.items() if name.startswith("PARAPET_") and name not in ours
    }
    _require_services(names, environment)
    return Plan(
        home=home,
        host=host,
        console_port=console_port,
        proxy_port=proxy_port,
        otlp_port=otlp_port,
        names=names,
        environment=environment,
        internal_ports=ports,
    )


def specs(plan: Plan) -> list[ChildSpec]:
    """Return the processes of a plan, in order of need."""
    python, told = sys.executable, told_to_all(plan)
    ports = plan.internal_ports
    probe = _LOOPBACK if plan.host in {"0.0.0.0", "::"} else plan.host  # noqa: S104
    spool = Path(plan.environment["PARAPET_SPOOL_DIR"])
    celery = [python, "-m", "celery", "-A", "console.celery", "--quiet"]
    stores = tuple(name for name in ("redis", "clickhouse") if name in plan.names)
    known: dict[str, ChildSpec] = {}

    def add(name: str, command: list[str], **details: object) -> None:
        if name in plan.names:
            known[name] = ChildSpec(name=name, command=command, environment=told, **details)  # type: ignore[arg-type]

    if "redis" in plan.names:
        folder = plan.home.path / "redis"
        folder.mkdir(exist_ok=True)
        add(
            "redis",
            [
                str(find_redis()), "--bind", _LOOPBACK, "--port", str(ports["redis"]),
                "--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                "--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--loglevel", "warning", "--logfile", "redis.log",
            ],
            check=answers_redis(_LOOPBACK, ports["redis"]),
        )  # fmt: skip
    if "clickhouse" in plan.names:
        add(
            "clickhouse",
            [
                python, "-m", "ingest.clickhouse.embedded", "--data-dir", str(plan.home.path / "clickhouse"),
                "--host", _LOOPBACK, "--port", str(ports["clickhouse"]),
            ],
            check=answers_http(_LOOPBACK, ports["clickhouse"], "/ping"),
            stop_timeout_s=8.0,
        )  # fmt: skip
    if "guard" in plan.names:
        add(
            "guard",
            [python, "-m", "guardrails.server", "--host", _LOOPBACK, "--port", str(ports["guard"])],
            check=answers_http(_LOOPBACK, ports["guard"], "/health"),
            lives=answers_http(_LOOPBACK, ports["guard"], "/metrics"),
            hung_after_s=10.0,
            still_after_s=1.5,
        )
    add(
        "web",
        [
            python, "-m", "uvicorn", "console.asgi:application", "--host", plan.host, "--port", str(plan.console_port),
            "--no-access-log", "--log-level", "warning", "--lifespan", "off", "--timeout-graceful-shutdown", "3",
        ],
        check=answers_http(probe, plan.console_port, "/health"),
        after=stores,
    )  # fmt: skip
    add(
        "worker",
        [*celery, "worker", "--queues", "default,evals", "--concurrency", "2", "--loglevel", "info",
         "--without-mingle", "--without-gossip"],
        ready_line=re.compile(r"\bready\.$"),
        after=stores,
    )  # fmt: skip
    add(
        "gpu",
        # One process and one judgement batch at a time: the weights are in memory once.
        [*celery, "worker", "--queues", "gpu", "--pool", "solo", "--loglevel", "info",
         "--without-mingle", "--without-gossip", "--hostname", "gpu@%h"],
        ready_line=re.compile(r"\bready\.$"),
        after=stores,
    )  # fmt: skip
    add(
        "beat",
        [
            *celery,
            "beat",
            "--schedule",
            str(plan.home.path / "beat-schedule"),
            "--loglevel",
            "warning",
            "--pidfile",
            "",
        ],
        after=stores,
    )
    add(
        "proxy",
        [python, "-m", "inference_proxy", "--host", plan.host, "--port", str(plan.proxy_port)],
        check=answers_http(probe, plan.proxy_port, "/health"),
        still_after_s=1.5,
        after=tuple(name for name in ("redis",) if name in plan.names),
    )
    add(
        "receiver",
        [python, "-m", "inference_proxy.receiver", "--host", plan.host, "--port", str(plan.otlp_port)],
        check=answers_http(probe, plan.otlp_port, "/health"),
        still_after_s=1.5,
        after=tuple(name for name in ("redis",) if name in plan.names),
    )
    add(
        "shipper",
        [python, "-m", "ingest.shipper"],
        check=writes_heartbeat(spool / "shipper.json", at_most_s=20),
        after=tuple(name for name in ("clickhouse",) if name in plan.names),
    )
    return [known[name] for name in plan.names]


def told_to_all(plan: Plan) -> dict[str, str]:
    """Return the environment of every process: the user's own, and where the parts of this plan answer."""
    return {
        **os.environ,  # noqa: TID251
        **plan.environment,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "console.settings.base",
    }


def _is_wanted(name: str, given: Mapping[str, str]) -> bool:
    """Whether a process runs here unless --only says otherwise: not what stands elsewhere, nor what has nothing to do."""
    if name == "gpu":
        return any(given.get(f"PARAPET_LOCAL_{what}", "").strip() for what in ("JUDGES", "CLASSIFIER"))
    return name not in _URL_OF or _URL_OF[name] not in given


def _port(variable: str, default: int, given: Mapping[str, str]) -> int:
    value = given.get(variable, str(default))
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise StartError(f"{variable} must be a port between 1 and 65535, not {value!r}")
    return int(value)


def _require_ports(names: tuple[str, ...], host: str, console: int, proxy: int, otlp: int) -> None:
    wanted = [
        (name, port, variable)
        for name, port, variable in (
            ("web", console, "PARAPET_CONSOLE_PORT"),
            ("proxy", proxy, "PARAPET_PROXY_PORT"),
            ("receiver", otlp, "PARAPET_OTLP_PORT"),
        )
        if name in names
    ]
    for index, (_, port, variable) in enumerate(wanted):
        for _, other, other_variable in wanted[:index]:
            if port == other:
                raise StartError(f"{variable} and {other_variable} are both {port}: give each its own port")
        require_free(host, port, variable=variable)


def _require_services(names: tuple[str, ...], environment: Mapping[str, str]) -> None:
    for name in names:
        for need in _NEEDS.get(name, ()):
            if _URL_OF[need] not in environment:
                raise StartError(f"{name} needs {need}: set {_URL_OF[need]}, or add {need} to --only")
