from typing import Any

import pytest

from evaluators import NotApplicable, ParameterError, Score, Unscored, registry
from tests.evaluators.scoring import outcome_of, value_of

SETUP = """
CREATE TABLE orders (id INTEGER, city TEXT, total REAL);
INSERT INTO orders VALUES (1, 'Rome', 10), (2, 'Oslo', 20.5), (3, 'Rome', 5);
"""
FOREVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


@pytest.mark.parametrize(
    ("output", "expected", "value"),
    [
        ("SELECT id FROM orders", "SELECT id FROM orders ORDER BY id DESC", 0),
        ("SELECT id FROM orders ORDER BY id DESC", "SELECT id FROM orders", 1),
        ("```sql\nSELECT id FROM orders;\n```", "SELECT id FROM orders", 1),
        ("SELECT city FROM orders", "SELECT DISTINCT city FROM orders", 0),
        ("SELECT sum(total) FROM orders", [[35.5]], 1),
        ("SELECT 1", [[1.0]], 1),
        ("SELECT 1", [{"n": 1}], 1),
        ("SELECT id AS other, city FROM orders", "SELECT id, city FROM orders", 1),
        ("SELECT city, id FROM orders", "SELECT id, city FROM orders", 0),
        ("SELECT id FROM orders WHERE id > 9", [], 1),
        ("SELECT nonsense FROM orders", [[1]], 0),
        ("SELECT 1; SELECT 2", [[1]], 0),
        ("", [[1]], 0),
        ("DELETE FROM orders", [], 0),
        ("INSERT INTO orders VALUES (4, 'x', 1) RETURNING id", [[4]], 0),
        ("ATTACH DATABASE '/tmp/stolen.db' AS stolen", [], 0),
        ("PRAGMA database_list", [], 0),
        ("SELECT load_extension('evil')", [], 0),
        ("SELECT zeroblob(1000000000)", [], 0),
        ("SELECT \0 1", [[1]], 0),
    ],
)
async def test_rows_are_compared_as_the_table_says(output: str, expected: Any, value: float) -> None:
    assert await value_of("sql_result", {"setup": SETUP}, output, expected=expected) == value


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{FOREVER} SELECT count(*) FROM n", "steps"),
        (f"{FOREVER} SELECT i FROM n", "rows"),
        (f"{FOREVER} SELECT replace(hex(i), '3', '{'x' * 9_000}') FROM n LIMIT 9000", "bytes"),
    ],
)
async def test_a_query_beyond_its_budget_is_stopped(query: str, words: str) -> None:
    outcome = await outcome_of("sql_result", {"setup": SETUP}, query, expected=[[1]])
    assert isinstance(outcome, Score)
    assert outcome.value == 0
    assert words in outcome.reason


async def test_an_expected_query_that_fails_is_no_zero_for_the_answer() -> None:
    outcome = await outcome_of(
        "sql_result", {"setup": SETUP}, "SELECT 1", expected="SELECT wrong FROM orders"
    )
    assert isinstance(outcome, Unscored)
    assert "expected query" in outcome.reason


async def test_without_an_expectation_there_is_nothing_to_compare() -> None:
    assert isinstance(await outcome_of("sql_result", {"setup": SETUP}, "SELECT 1"), NotApplicable)


@pytest.mark.parametrize("setup", ["CREATE TABL x", "ATTACH DATABASE '/tmp/other.db' AS other"])
def test_a_setup_that_cannot_be_run_is_refused(setup: str) -> None:
    with pytest.raises(ParameterError, match="setup"):
        registry.build("sql_result", {"setup": setup})


@pytest.mark.parametrize(("order", "value"), [("always", 0), ("never", 1), ("as_expected", 1)])
async def test_the_order_of_rows_counts_as_asked(order: str, value: float) -> None:
    parameters = {"setup": SETUP, "order": order}
    query = "SELECT id FROM orders ORDER BY id DESC"
    assert await value_of("sql_result", parameters, query, expected="SELECT id FROM orders") == value
