"""Bring a database to the schema this version needs: numbered SQL files, each applied once, in order."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit

import click

from ingest.clickhouse.client import Client, connect

CREATE_LEDGER = Template("""
CREATE TABLE IF NOT EXISTS migrations $on_cluster
(
    name String,
    checksum String,
    applied_at DateTime64(3, 'UTC')
)
ENGINE = ${replicated}MergeTree
ORDER BY name
""")

APPLIED = """
SELECT name, argMax(checksum, applied_at)
FROM migrations
GROUP BY name
ORDER BY name
"""

_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLUSTER = re.compile(r"[A-Za-z0-9_.{}-]+")


class MigrationError(Exception):
    """The database and the migration files contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: a change that is safe to repeat."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What the ledger remembers of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self, cluster: str | None) -> list[str]:
        """Return the file's statements with its placeholders filled in."""
        return [_fill(statement, cluster) for statement in _split(self.sql)]


def _split(sql: str) -> list[str]:
    """Cut a file at the semicolons that end its lines; comment lines are dropped."""
    statements = re.split(r";\s*$", _COMMENT.sub("", sql), flags=re.MULTILINE)
    return [statement.strip() for statement in statements if statement.strip()]


def _fill(statement: str, cluster: str | None) -> str:
    filled = Template(statement).substitute(
        on_cluster=f"ON CLUSTER '{cluster}'" if cluster else "",
        replicated="Replicated" if cluster else "",
    )
    return re.sub(r"[ \t]+$", "", filled, flags=re.MULTILINE)


def migrations() -> list[Migration]:
    """Return all migrations in order."""
    folder = files("ingest.clickhouse") / "migrations"
    found = [
        Migration(name=file.name.removesuffix(".sql"), sql=file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.name)


def ensure_database(url: str, *, cluster: str | None = None) -> None:
    """Create the database a ClickHouse URL names, unless it exists."""
    parts = urlsplit(url)
    name = parts.path.strip("/") or "default"
    if not _DATABASE.fullmatch(name):
        raise MigrationError(f"{name!r} is no name for a database; use letters, digits and underscores")
    client = connect(parts._replace(path="/default").geturl())
    try:
        client.command(_fill(f"CREATE DATABASE IF NOT EXISTS {name} $on_cluster", _checked(cluster)))
    finally:
        client.close()


def apply(
    client: Client, cluster: str | None = None, *, known: Sequence[Migration] | None = None
) -> list[str]:
    """Apply what the client's database lacks, in order, and return the names of what was applied.

    Refuses when a file that was applied has been edited since: a change is a new file.
    """
    cluster = _checked(cluster)
    known = migrations() if known is None else known
    client.command(_fill(CREATE_LEDGER.template, cluster))
    applied: dict[str, str] = dict(client.query(APPLIED).result_rows)  # type: ignore[arg-type]
    _refuse_contradictions(known, applied)
    done = []
    for migration in known:
        if migration.name in applied:
            continue
        for statement in migration.statements(cluster):
            client.command(statement)
        client.insert(
            "migrations",
            [[migration.name, migration.checksum, datetime.now(UTC)]],
            column_names=["name", "checksum", "applied_at"],
        )
        done.append(migration.name)
    return done


def _checked(cluster: str | None) -> str | None:
    if cluster and not _CLUSTER.fullmatch(cluster):
        raise MigrationError(f"{cluster!r} is no name for a cluster")
    return cluster or None


def _refuse_contradictions(known: Sequence[Migration], applied: dict[str, str]) -> None:
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"{migration.name} was edited after it was applied to this database; "
                "restore the file and put the change into a new one"
            )
    newer = sorted(set(applied) - {migration.name for migration in known})
    if newer:
        raise MigrationError(
            f"this database has migrations this version does not know ({', '.join(newer)}); "
            "run a version of Parapet at least as new as the one that made it"
        )


@click.command()
@click.option("--url", required=True, envvar="PARAPET_CLICKHOUSE_URL", help="http://host:8123/database")
@click.option("--cluster", default=None, help="Create replicated tables on this cluster.")
def main(url: str, cluster: str | None) -> None:
    """Bring the trace store's database up to this version."""
    try:
        ensure_database(url, cluster=cluster)
        done = apply(connect(url), cluster)
    except MigrationError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"applied {', '.join(done)}" if done else "nothing to apply")


if __name__ == "__main__":
    main()
