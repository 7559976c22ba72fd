"""What the migrations add up to, as the database itself says it; written to `schema.sql`."""

from ingest.clickhouse.client import Client

TABLES = """
SELECT formatQuery(create_table_query)
FROM system.tables
WHERE database = currentDatabase() AND name != 'migrations'
ORDER BY engine = 'MaterializedView', name
"""


def dump(client: Client) -> str:
    """Return the statements that would create the client's database as it is, without its name."""
    rows = client.query(TABLES).result_rows
    statements = [_without_database(statement, client.database or "default") for (statement,) in rows]
    return "\n\n".join([_HEAD, *statements]) + "\n"


_HEAD = "-- Generated: what the migrations add up to. Write it anew with `make schema`."


def _without_database(statement: str, database: str) -> str:
    text = statement.replace(f"{database}.", "")
    return text.strip() + ";"
