"""Costs against sums done by hand from the providers' published prices, and against the package itself."""

import subprocess
import sys
import warnings
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from genai_prices import data_snapshot, types
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import prices
from ingest.prices import price, unit_prices
from ingest.records import Span, Usage

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def a_call(provider: str = "openai", model: str = "gpt-4o", *, usage: Usage, **fields: Any) -> Span:
    defaults: dict[str, Any] = {
        "project_id": UUID(int=1),
        "trace_id": "0" * 32,
        "span_id": "0" * 16,
        "name": "chat",
        "kind": "llm",
        "source": "proxy",
        "start_time_us": int(AT.timestamp() * 1_000_000),
        "duration_us": 1,
        "provider": provider,
        "model": model,
        "usage": usage,
    }
    return Span(**(defaults | fields))


def tokens(into: int | None, out: int | None = 0, **more: Any) -> Usage:
    return Usage(input_tokens=into, output_tokens=out, source="reported", **more)


CACHED_BY_OPENAI = tokens(2006, 300, cache_read_tokens=1920, reasoning_tokens=100)
WRITTEN_AND_READ_BY_ANTHROPIC = tokens(
    12_000,
    500,
    cache_read_tokens=8_000,
    cache_write_tokens=3_000,
    raw={
        "input_tokens": 1_000,
        "cache_read_input_tokens": 8_000,
        "cache_creation_input_tokens": 3_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 2_000, "ephemeral_1h_input_tokens": 1_000},
        "output_tokens": 500,
    },
)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "cost", "into", "out"),
    [
        # 1000 at $2.50 and 500 at $10 per million
        ("openai", "gpt-4o", tokens(1000, 500), "0.0075", "0.0025", "0.005"),
        # a date in the name changes nothing
        ("openai", "gpt-4o-mini-2024-07-18", tokens(17, 9), "0.00000795", "0.00000255", "0.0000054"),
        # 86 at $2.50, 1920 cached at $1.25, 300 at $10
        ("openai", "gpt-4o", CACHED_BY_OPENAI, "0.005615", "0.002615", "0.003"),
        # 1000 at $3, 8000 read at $0.30, 2000 written for 5 min at $3.75, 1000 for 1 h at $6, 500 at $15
        ("anthropic", "claude-sonnet-4-5-20250929", WRITTEN_AND_READ_BY_ANTHROPIC, "0.0264", "0.0189", "0.0075"),
        # above 200,000 input tokens every token costs more: $6 and $22.50
        ("anthropic", "claude-sonnet-4-5", tokens(300_000, 1000), "1.8225", "1.8", "0.0225"),
        ("openai", "text-embedding-3-small", tokens(1_000_000, None), "0.02", "0.02", "0"),
        # no provider: the model's name tells
        ("", "gpt-4o", tokens(1000, 500), "0.0075", "0.0025", "0.005"),
        ("", "anthropic/claude-sonnet-4-5", tokens(1000, 0), "0.003", "0.003", "0"),
        ("azure", "gpt-4o", tokens(1000, 500), "0.0075", "0.0025", "0.005"),
    ],
)  # fmt: skip
def test_a_call_costs_what_the_provider_charges(
    provider: str, model: str, usage: Usage, cost: str, into: str, out: str
) -> None:
    kind = "embedding" if "embedding" in model else "llm"

    priced = price(a_call(provider, model, usage=usage, kind=kind))

    assert priced is not None
    assert (priced.cost_usd, priced.input_cost_usd, priced.output_cost_usd) == (
        Decimal(cost),
        Decimal(into),
        Decimal(out),
    )
    assert priced.source == "genai-prices"
    assert priced.version == prices.VERSION


def test_unit_prices_are_kept_beside_the_cost() -> None:
    priced = price(a_call(usage=tokens(10, 10)))

    assert priced is not None
    assert priced.unit_prices["input_mtok"] == "2.5"
    assert priced.unit_prices["cache_read_mtok"] == "1.25"
    assert priced.unit_prices["output_mtok"] == "10"


@pytest.mark.parametrize(
    "span",
    [
        a_call("openai", "no-such-model", usage=tokens(10, 10)),
        a_call("my-own-server", "gpt-4o", usage=tokens(10, 10)),
        a_call("", "", usage=tokens(10, 10)),
        a_call(usage=Usage()),
        a_call(usage=tokens(10, None)),
        a_call(usage=tokens(10, 10, cache_read_tokens=11)),
        a_call("openai", "gpt-4o", usage=tokens(10, 10), service_tier="flex"),
        a_call("openai", "whisper-1", usage=tokens(10, 10)),
        a_call(usage=tokens(10, 10), kind="agent", reported_cost_usd="1"),
        a_call(usage=tokens(10, 10), kind="tool"),
        a_call(usage=tokens(10**12, 10**14)),
    ],
    ids=[
        "unknown model",
        "unknown provider",
        "no model",
        "no usage",
        "no output count",
        "contradiction",
        "tier without a price",
        "charged by the minute",
        "agent repeating its calls",
        "tool",
        "absurd",
    ],
)
def test_an_unknown_cost_is_none_and_never_zero(span: Span) -> None:
    assert price(span) is None


@pytest.mark.parametrize(
    ("span", "source"),
    [
        (a_call("parapet", "parapet/demo", usage=tokens(10, 10)), "demo"),
        (a_call(usage=tokens(10, 10), cache_status="hit"), "none"),
        (a_call(usage=Usage(), status="blocked", attempts=0), "none"),
        (a_call(usage=Usage(), status="error", http_status=429), "none"),
    ],
    ids=["demo", "answered from the cache", "blocked before it was sent", "refused by the provider"],
)
def test_zero_is_said_only_where_nothing_was_bought(span: Span, source: str) -> None:
    priced = price(span)

    assert priced is not None
    assert (priced.cost_usd, str(priced.source)) == (Decimal(0), source)


def test_a_blocked_answer_still_costs_what_was_generated() -> None:
    priced = price(a_call(usage=tokens(1000, 500), status="blocked"))

    assert priced is not None
    assert priced.cost_usd == Decimal("0.0075")


def test_a_failed_call_of_unknown_fate_is_unknown() -> None:
    assert price(a_call(usage=Usage(), status="error", http_status=502)) is None


def test_a_cost_the_sender_computed_wins() -> None:
    priced = price(a_call(usage=tokens(1000, 500), reported_cost_usd="0.1234567891"))

    assert priced is not None
    assert (priced.cost_usd, priced.source) == (Decimal("0.123456789"), "reported")


@pytest.mark.parametrize("nonsense", ["NaN", "-1", "1e400", "a lot", ""])
def test_a_reported_cost_that_is_no_cost_is_ignored(nonsense: str) -> None:
    priced = price(a_call(usage=tokens(1000, 500), reported_cost_usd=nonsense))

    assert priced is not None
    assert priced.source == "genai-prices"


@pytest.mark.parametrize(
    ("tier", "cost"), [("flex", "0.625"), ("priority", "2.5"), ("batch", "0.625"), ("default", "1.25")]
)
def test_the_served_tier_decides_the_price(tier: str, cost: str) -> None:
    november = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1_000_000)
    priced = price(
        a_call("openai", "gpt-5", usage=tokens(1_000_000, 0), service_tier=tier, start_time_us=november)
    )

    assert priced is not None
    assert priced.cost_usd == Decimal(cost)


def test_a_tier_without_a_price_at_the_time_is_unknown() -> None:
    assert price(a_call("openai", "gpt-5", usage=tokens(10, 10), service_tier="flex")) is None


def test_the_price_is_that_of_the_hour_the_call_was_made() -> None:
    night = price(a_call("deepseek", "deepseek-chat", usage=tokens(1_000_000, 0), start_time_us=0))
    day = price(a_call("deepseek", "deepseek-chat", usage=tokens(1_000_000, 0), start_time_us=3600_000_000))

    assert night is not None
    assert day is not None
    assert (night.cost_usd, day.cost_usd) == (Decimal("0.135"), Decimal("0.27"))


def test_an_estimate_is_in_whole_billionths_of_a_dollar() -> None:
    found = unit_prices("openai", "gpt-4o", AT)

    assert found is not None
    assert found.estimate_nanousd(input_tokens=1000, output_tokens=500) == 7_500_000
    assert unit_prices("openai", "no-such-model", AT) is None


PRICE_LISTS = [
    model.prices
    for seller in data_snapshot.get_snapshot().providers
    for model in seller.models
    if isinstance(model.prices, types.ModelPrice)
    and vars(model.prices).keys() >= {"input_mtok", "output_mtok"}
]
COUNT = st.integers(0, 400_000)


@settings(max_examples=400, deadline=None)
@given(
    listed=st.sampled_from(PRICE_LISTS),
    plain=COUNT,
    read=COUNT,
    write=COUNT,
    hour=COUNT,
    out=COUNT,
    thought=COUNT,
)
def test_our_sums_are_those_of_the_package(
    listed: types.ModelPrice, plain: int, read: int, write: int, hour: int, out: int, thought: int
) -> None:
    usage = tokens(
        plain + read + write + hour,
        out + thought,
        cache_read_tokens=read,
        cache_write_tokens=write + hour,
        reasoning_tokens=thought,
        raw={"cache_creation": {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": hour}},
    )
    units = prices._units(usage)
    ours = prices.UnitPrices(listed, "a model", is_plain=True, steps=prices._steps(listed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = listed.calc_price(types.Usage(**units))

    into, spent, _ = prices._add_up(units, ours.at(plain + read + write + hour).usd)

    assert (into, spent) == (theirs["input_price"], theirs["output_price"])


def test_prices_are_found_without_a_network() -> None:
    script = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('a price needs no network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "import datetime; from ingest.prices import unit_prices\n"
        "assert unit_prices('openai', 'gpt-4o', datetime.datetime.now(datetime.UTC)) is not None\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
