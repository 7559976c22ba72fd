"""Migrations: applied once, in order, never silently different."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ingest.clickhouse import migrate, schema
from ingest.clickhouse.client import Client, connect
from ingest.clickhouse.migrate import Migration, MigrationError


@pytest.fixture
def empty(clickhouse_server_url: str) -> Iterator[Client]:
    name = f"migrate_{uuid.uuid4().hex[:12]}"
    url = f"{clickhouse_server_url}/{name}"
    migrate.ensure_database(url)
    client = connect(url)
    yield client
    client.command(f"DROP DATABASE {name}")
    client.close()


def test_all_migrations_apply_in_order_and_a_second_time_there_is_nothing_to_do(empty: Client) -> None:
    names = migrate.apply(empty)

    assert names == [migration.name for migration in migrate.migrations()]
    assert migrate.apply(empty) == []


def test_migrations_add_up_to_the_schema_file(empty: Client) -> None:
    migrate.apply(empty)

    assert schema.dump(empty) == schema.FILE.read_text()


def test_a_migration_that_broke_off_is_repeated_safely(empty: Client) -> None:
    first = migrate.migrations()[0]
    for statement in first.statements(None):
        empty.command(statement)

    assert migrate.apply(empty)[0] == first.name


def test_an_edited_migration_is_refused_by_name(empty: Client) -> None:
    original = Migration(
        name="0001_t", sql="CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = MergeTree ORDER BY a;"
    )
    migrate.apply(empty, known=[original])

    with pytest.raises(MigrationError, match="0001_t was edited"):
        migrate.apply(empty, known=[replace(original, sql=original.sql + "\n-- and more")])


def test_a_database_from_a_newer_version_is_refused(empty: Client) -> None:
    migrate.apply(empty, known=[Migration(name="9999_future", sql="SELECT 1;")])

    with pytest.raises(MigrationError, match="9999_future"):
        migrate.apply(empty)


def test_on_a_cluster_every_table_is_replicated() -> None:
    statements = [s for migration in migrate.migrations() for s in migration.statements("main")]
    tables = [s for s in statements if s.startswith("CREATE TABLE")]

    # Rows that are put in on one server reach its replicas by themselves.
    defining = [statement for statement in statements if not statement.startswith("INSERT")]
    assert all("ON CLUSTER 'main'" in statement for statement in defining)
    assert all("ENGINE = Replicated" in statement for statement in tables)


@pytest.mark.parametrize("name", ["a-b", "a b", "x; DROP DATABASE y", "ä"])
def test_a_database_name_that_needs_quoting_is_refused(name: str) -> None:
    with pytest.raises(MigrationError, match="no name for a database"):
        migrate.ensure_database(f"http://127.0.0.1:1/{name}")
