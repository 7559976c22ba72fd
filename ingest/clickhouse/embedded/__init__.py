"""ClickHouse's engine as a small server: chDB behind the part of the HTTP interface that our client uses.

One process may open a data directory, so this process owns it and everyone else connects to it exactly
as to a ClickHouse server. Run it with `python -m ingest.clickhouse.embedded --data-dir DIR`.
"""
