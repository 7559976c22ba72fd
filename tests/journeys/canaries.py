"""Values that must be found nowhere: made up, planted, and looked for in all that an installation keeps or says."""

import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis

from ingest.clickhouse.client import connect
from tests.fakes.upstream import FakeUpstream
from tests.journeys.instance import Instance


@dataclass(slots=True)
class Canaries:
    """Makes values of every kind that the starter policy masks, each only once, and remembers where each was put."""

    planted: dict[str, str] = field(default_factory=dict)

    def text(self, where: str) -> str:
        """Return a sentence that holds one value of each kind."""
        values = {kind: make() for kind, make in _KINDS.items()}
        self.planted |= {needle: f"{kind} in {where}" for kind, (_, needle) in values.items()}
        said = {kind: value for kind, (value, _) in values.items()}
        return (
            f"Write to {said['e-mail']} or call {said['phone']}; my card is {said['card']}, the server {said['address']} "
            f"takes {said['openai']} and {said['aws']}, the database is {said['url']} and that is all."
        )

    def email(self, where: str) -> str:
        """Return an e-mail address."""
        value, needle = _email()
        self.planted[needle] = f"e-mail in {where}"
        return value

    def key(self, where: str) -> str:
        """Return a key of a provider, which is one word without spaces."""
        value, needle = _openai()
        self.planted[needle] = f"key in {where}"
        return value

    def found_in(self, haystacks: Iterable[tuple[str, bytes]]) -> list[str]:
        """Return which values are where."""
        needles = {needle.encode(): where for needle, where in self.planted.items()}
        return [
            f"{where}: {name}"
            for name, held in haystacks
            for needle, where in needles.items()
            if needle in held
        ]


def everything_kept(instance: Instance) -> Iterator[tuple[str, bytes]]:
    """Yield all that an installation keeps: every file, table, key in Redis, and whatever its processes printed."""
    for file in sorted(instance.home.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(instance.home)), _bytes_of(file)
    yield "the log", instance.output.encode()
    store = connect(instance.told["PARAPET_CLICKHOUSE_URL"])
    tables = "SELECT name FROM system.tables WHERE database = currentDatabase()"
    for (table,) in store.query(tables).result_rows:
        rows = store.query(f"SELECT toString(tuple(*)) FROM {table}").result_rows
        yield f"ClickHouse: {table}", "\n".join(row for (row,) in rows).encode()
    store.close()
    yield "Redis", b"\n".join(_everything_in_redis(_redis_of(instance)))
    yield from _every_relational_table(instance)


def everything_sent(upstream: FakeUpstream) -> Iterator[tuple[str, bytes]]:
    """Yield what arrived at the provider."""
    for number, request in enumerate(upstream.requests):
        yield f"request {number} to the provider, {request.path}", request.text.encode()


def _redis_of(instance: Instance) -> str:
    return instance.environment.get("PARAPET_REDIS_URL") or instance.told["PARAPET_REDIS_URL"]


def _everything_in_redis(url: str) -> Iterator[bytes]:
    with redis.Redis.from_url(url) as server:
        for key in server.scan_iter():
            yield key
            kind = server.type(key)
            if kind == b"string":
                yield server.get(key) or b""
            elif kind == b"hash":
                yield from (part for pair in server.hgetall(key).items() for part in pair)
            elif kind == b"list":
                yield from server.lrange(key, 0, -1)
            elif kind == b"set":
                yield from server.smembers(key)
            elif kind == b"zset":
                yield from server.zrange(key, 0, -1)
            else:
                yield from (repr(entry).encode() for entry in server.xrange(key))


def _every_relational_table(instance: Instance) -> Iterator[tuple[str, bytes]]:
    url = instance.environment.get("PARAPET_DATABASE_URL", "")
    if not url:
        return  # SQLite is a file of the installation
    import psycopg

    with psycopg.connect(url) as database:
        tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = database.execute(f'SELECT t::text FROM "{table}" t').fetchall()
            yield f"PostgreSQL: {table}", "\n".join(row for (row,) in rows).encode()


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _email() -> tuple[str, str]:
    value = f"canary.{secrets.token_hex(6)}@example.org"
    return value, value


def _phone() -> tuple[str, str]:
    digits = "".join(secrets.choice("23456789") for _ in range(4))
    value = f"+49 30 9{digits[:3]}{secrets.randbelow(9_000) + 1_000}"
    return value, value


def _card() -> tuple[str, str]:
    digits = [4, *(secrets.randbelow(10) for _ in range(14))]
    doubled = [digit * 2 - 9 * (digit > 4) if n % 2 == 0 else digit for n, digit in enumerate(digits)]
    value = "".join(map(str, [*digits, -sum(doubled) % 10]))
    return value, value


def _address() -> tuple[str, str]:
    # Of a public network: loopback and private addresses say nothing of anybody and are left alone.
    value = f"{secrets.randbelow(30) + 130}.{secrets.randbelow(150) + 100}.{secrets.randbelow(150) + 100}.{secrets.randbelow(150) + 100}"
    return value, value


def _openai() -> tuple[str, str]:
    value = f"sk-proj-{_letters(48)}"
    return value, value


def _aws() -> tuple[str, str]:
    value = "AKIA" + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))
    return value, value


def _url() -> tuple[str, str]:
    password = _letters(20)
    return f"postgresql://svc:{password}@db.example.com/orders", password


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))


_KINDS = {
    "e-mail": _email,
    "phone": _phone,
    "card": _card,
    "address": _address,
    "openai": _openai,
    "aws": _aws,
    "url": _url,
}
