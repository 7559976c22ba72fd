"""What a call cost, by the price list of the package genai-prices. Nothing here touches the network.

A cost that nobody knows is None and never zero. Zero is said only where nothing was bought.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import genai_prices
from genai_prices import data_snapshot, types

from ingest.records import Price, Span, Usage, new_price

VERSION: str = genai_prices.__version__
BILLED_KINDS = frozenset({"llm", "embedding", "reranker"})
TOTALLING_KINDS = frozenset({"agent", "chain"})
"""Spans that repeat their children's usage and cost; a price of their own would count the money twice."""
DEMO_PROVIDER = "parapet"
HOUSE_MODELS = frozenset({"parapet/redactor", "parapet/moderation", "parapet/embedding"})
"""They run in the guard server; nothing is bought."""

_NANO = Decimal("0.000000001")
_MILLION = Decimal(1_000_000)
_LARGEST_USD = Decimal(999_999_999)
_ORDINARY_TIERS = frozenset({"", "auto", "default", "standard", "standard_only", "on_demand"})
_FREE = Price(cost_usd=Decimal(0), input_cost_usd=Decimal(0), output_cost_usd=Decimal(0), source="none")
_DEMO = Price(cost_usd=Decimal(0), input_cost_usd=Decimal(0), output_cost_usd=Decimal(0), source="demo")
_PLAIN_KEYS = frozenset(
    {
        "input_mtok",
        "output_mtok",
        "cache_read_mtok",
        "cache_write_mtok",
        "cache_write_5m_mtok",
        "cache_write_1h_mtok",
        "output_reasoning_mtok",
        "web_searches_kcount",
        "storage_searches_kcount",
        # Prices of sounds and pictures: none were counted where only plain units were.
        "input_audio_mtok",
        "output_audio_mtok",
        "cache_audio_read_mtok",
        "input_image_mtok",
        "output_image_mtok",
        "cache_image_read_mtok",
        "input_video_mtok",
        "output_video_mtok",
        "output_citation_mtok",
    }
)
"""Price lists made of these alone are added up here; the rest is left to the package, which is slower."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """The price of each unit for calls of one size."""

    usd: Mapping[str, Decimal]
    texts: Mapping[str, str]
    """The same as decimal strings."""


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """The prices of one model at one time, in US dollars."""

    list: types.ModelPrice
    model: str
    """The model's name in the price list."""
    is_plain: bool
    steps: tuple[int, ...] = ()
    """Numbers of input tokens above which prices change."""
    _by_size: dict[int, PriceList] = field(default_factory=dict, compare=False)

    def at(self, input_tokens: int) -> PriceList:
        """Return the prices for a call with so many input tokens; long calls may cost more."""
        size = bisect_left(self.steps, input_tokens)
        if size not in self._by_size:
            usd = {
                key: _tier(price, input_tokens)
                for key, price in vars(self.list).items()
                if isinstance(price, Decimal | types.TieredPrices)
            }
            self._by_size[size] = PriceList(usd, {key: f"{each.normalize():f}" for key, each in usd.items()})
        return self._by_size[size]

    def estimate_nanousd(self, *, input_tokens: int, output_tokens: int) -> int:
        """Return what a call would cost at most, in billionths of a dollar: nothing from a cache."""
        prices = self.at(input_tokens).usd
        usd = prices.get("input_mtok", 0) * input_tokens + prices.get("output_mtok", 0) * output_tokens
        return int(Decimal(usd) * 1000)


def price(span: Span) -> Price | None:
    """Return what a span cost, or None when that is not known."""
    if span.kind in TOTALLING_KINDS:
        return None
    if span.reported_cost_usd is not None and (reported := _reported(span.reported_cost_usd)) is not None:
        return reported
    if span.model in HOUSE_MODELS and span.provider == DEMO_PROVIDER:
        return _FREE
    if span.kind not in BILLED_KINDS:
        return None
    if span.provider == DEMO_PROVIDER or span.model.startswith(f"{DEMO_PROVIDER}/"):
        return _DEMO
    if _bought_nothing(span):
        return _FREE
    prices = _unit_prices(
        _folded(span.provider),
        _folded(span.model or span.model_requested),
        span.service_tier,
        span.start_time_us // 60_000_000,
    )
    return None if prices is None else _cost(span, prices)


def unit_prices(provider: str, model: str, at: datetime, *, service_tier: str = "") -> UnitPrices | None:
    """Return a model's prices at a time, or None when they are not known. Remembers what it has looked up."""
    return _unit_prices(_folded(provider), _folded(model), service_tier, int(at.timestamp()) // 60)


def _folded(name: str) -> str:
    return name.strip().lower()


@lru_cache(maxsize=8192)
def _unit_prices(provider: str, model: str, service_tier: str, minute: int) -> UnitPrices | None:
    found = _find(provider, model)
    if found is None:
        return None
    seller, info = found
    at = datetime.fromtimestamp(minute * 60, UTC)
    context = _context(service_tier)
    is_own = any(info is each for each in seller.models)
    standard = info.get_prices(at)
    prices = info.get_prices(at, context) if is_own and context else standard
    if context and prices == standard and not _lists_tier(info, context, at):
        return None
    keys = {key for key, value in vars(prices).items() if value is not None}
    if not keys:
        return None  # listed, but without a price
    return UnitPrices(prices, info.id, is_plain=keys <= _PLAIN_KEYS, steps=_steps(prices))


@lru_cache(maxsize=8192)
def _find(provider: str, model: str) -> tuple[types.Provider, types.ModelInfo] | None:
    """Look a model up at its provider; without one, guess it from a prefix or from the model's name."""
    if not model:
        return None
    snapshot = data_snapshot.get_snapshot()
    attempts: list[tuple[str | None, str]] = [(provider or None, model)]
    prefix, slash, rest = model.partition("/")
    if slash and provider in ("", prefix):
        attempts.append((prefix, rest))
    for seller, name in attempts:
        try:
            found: tuple[types.Provider, types.ModelInfo] = snapshot.find_provider_model(
                name, None, seller, None
            )
        except LookupError:
            continue
        return found
    return None


def _context(service_tier: str) -> dict[str, str]:
    tier = service_tier.strip().lower()
    if tier in _ORDINARY_TIERS:
        return {}
    return {"processing": "batch"} if tier == "batch" else {"service_tier": tier}


def _lists_tier(info: types.ModelInfo, context: Mapping[str, str], at: datetime) -> bool:
    return any(
        variant.when.items() <= context.items()
        and (variant.constraint is None or variant.constraint.active(at))
        for variant in info.price_variants or ()
    )


def _bought_nothing(span: Span) -> bool:
    """Tell whether no provider was paid: nobody was called, or the provider refused the request."""
    if span.cache_status == "hit" or span.attempts == 0:
        return True
    is_refused = span.http_status is not None and 400 <= span.http_status < 500
    return is_refused and span.status == "error" and not span.output_messages and _is_empty(span.usage)


def _is_empty(usage: Usage) -> bool:
    return not usage.input_tokens and not usage.output_tokens


def _reported(text: str) -> Price | None:
    try:
        cost = Decimal(text)
        if not cost.is_finite() or not 0 <= cost <= _LARGEST_USD:
            return None
    except InvalidOperation:
        return None
    return Price(cost_usd=cost.quantize(_NANO), source="reported")


def _cost(span: Span, prices: UnitPrices) -> Price | None:
    usage = span.usage
    if usage.input_tokens is None or (usage.output_tokens is None and span.kind == "llm"):
        return None
    units = _units(usage)
    listed = prices.at(usage.input_tokens)
    if not _covers(listed.usd, units):
        return None
    try:
        if prices.is_plain and not units.keys() - _PLAIN_UNITS:
            into, out, rest = _add_up(units, listed.usd)
        else:
            into, out, rest = _add_up_by_package(units, prices.list)
    except ValueError:
        # Counts that contradict each other, such as more cached tokens than input tokens.
        return None
    total = into + out + rest
    if total > _LARGEST_USD:
        return None
    return new_price(
        cost_usd=total.quantize(_NANO),
        input_cost_usd=into.quantize(_NANO),
        output_cost_usd=out.quantize(_NANO),
        unit_prices=dict(listed.texts),
        source="genai-prices",
        version=VERSION,
    )


def _covers(listed: Mapping[str, Decimal], units: Mapping[str, int]) -> bool:
    """Tell whether tokens are what this model is charged by; others are charged by the hour or the page."""
    if "requests_kcount" in listed:
        return True
    return ("input_mtok" in listed or "input_tokens" not in units) and (
        "output_mtok" in listed or "output_tokens" not in units
    )


_PLAIN_UNITS = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "output_reasoning_tokens",
        "web_searches",
    }
)


def _units(usage: Usage) -> dict[str, int]:
    """Name the units of a call as the price list does: our counts, refined by what the provider reported."""
    raw = usage.raw or {}
    written = _part(raw, "cache_creation")
    write_5m = _count(written, "ephemeral_5m_input_tokens")
    write_1h = _count(written, "ephemeral_1h_input_tokens")
    if (write_5m or 0) + (write_1h or 0) > (usage.cache_write_tokens or 0):
        write_5m = write_1h = None
    found = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_5m_tokens": write_5m,
        "cache_write_1h_tokens": write_1h,
        "output_reasoning_tokens": usage.reasoning_tokens,
        "input_audio_tokens": _count(_part(raw, "prompt_tokens_details"), "audio_tokens"),
        "output_audio_tokens": _count(_part(raw, "completion_tokens_details"), "audio_tokens"),
        "web_searches": _count(_part(raw, "server_tool_use"), "web_search_requests"),
    }
    return {unit: count for unit, count in found.items() if count}


def _part(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = raw.get(key)
    return part if isinstance(part, Mapping) else {}


def _count(part: Mapping[str, Any], key: str) -> int | None:
    count = part.get(key)
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else None


def _add_up(units: Mapping[str, int], listed: Mapping[str, Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """Return the cost of what went in, what came out, and the rest. Tokens without a price of their own cost as
    the kind they are part of: a cached token as an input token, a five-minute cache write as any cache write.
    """

    def take(unit: str, key: str, *parts: int) -> tuple[int, Decimal]:
        count = units.get(unit, 0)
        own = count - sum(parts)
        if own < 0:
            raise ValueError(f"the parts of {unit} add up to more than {count}")
        listing = listed.get(key)
        return (0, Decimal(0)) if listing is None else (count, listing * own)

    write_5m, cost_5m = take("cache_write_5m_tokens", "cache_write_5m_mtok")
    write_1h, cost_1h = take("cache_write_1h_tokens", "cache_write_1h_mtok")
    write, cost_write = take("cache_write_tokens", "cache_write_mtok", write_5m, write_1h)
    read, cost_read = take("cache_read_tokens", "cache_read_mtok")
    inner = write if "cache_write_mtok" in listed else write_5m + write_1h
    _, cost_in = take("input_tokens", "input_mtok", read, inner)
    reasoning, cost_reasoning = take("output_reasoning_tokens", "output_reasoning_mtok")
    _, cost_out = take("output_tokens", "output_mtok", reasoning)
    into = (cost_in + cost_read + cost_write + cost_5m + cost_1h) / _MILLION
    searches = units.get("web_searches", 0) * listed.get("web_searches_kcount", Decimal(0)) / 1000
    return into, (cost_out + cost_reasoning) / _MILLION, searches


def _add_up_by_package(
    units: Mapping[str, int], listed: types.ModelPrice
) -> tuple[Decimal, Decimal, Decimal]:
    sums = listed.calc_price(types.Usage(**units))
    rest = sums["total_price"] - sums["input_price"] - sums["output_price"]
    return sums["input_price"], sums["output_price"], rest


def _steps(listed: types.ModelPrice) -> tuple[int, ...]:
    tiered = (price for price in vars(listed).values() if isinstance(price, types.TieredPrices))
    return tuple(sorted({tier.start for price in tiered for tier in price.tiers}))


def _tier(price: Decimal | types.TieredPrices, input_tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    applicable: Decimal = price.base
    for tier in price.tiers:
        if input_tokens > tier.start:
            applicable = tier.price
    return applicable
