"""What the migrations add up to, as the database itself says it; kept in `schema.sql`.

Write it anew with `python -m ingest.clickhouse.schema --url http://127.0.0.1:8123/an_empty_database`.
"""

from pathlib import Path

import click

from ingest.clickhouse import migrate
from ingest.clickhouse.client import Client, connect

FILE = Path(__file__).parent / "schema.sql"

TABLES = """
SELECT formatQuery(create_table_query)
FROM system.tables
WHERE database = currentDatabase() AND name != 'migrations'
ORDER BY engine = 'MaterializedView', name
"""

_HEAD = (
    "-- Generated: what the migrations add up to. See ingest/clickhouse/schema.py for how to write it anew."
)


def dump(client: Client) -> str:
    """Return the statements that would create the client's database as it is, without its name."""
    rows = client.query(TABLES).result_rows
    statements = [statement.replace(f"{client.database}.", "").strip() + ";" for (statement,) in rows]
    return "\n\n".join([_HEAD, *statements]) + "\n"


@click.command()
@click.option("--url", required=True, help="A database to create and migrate; it should not exist yet.")
def main(url: str) -> None:
    """Write schema.sql anew."""
    migrate.ensure_database(url)
    client = connect(url)
    migrate.apply(client)
    FILE.write_text(dump(client))
    click.echo(f"wrote {FILE}")


if __name__ == "__main__":
    main()
