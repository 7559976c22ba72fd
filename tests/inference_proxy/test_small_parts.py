"""Addresses, waiting times, ids: the small decisions by themselves."""

import time
from email.utils import formatdate

import pytest

from inference_proxy.retrying import RetryBudget, retry_after, wait_before
from inference_proxy.settings import PrivateUpstreams
from inference_proxy.trace_context import continued_from
from inference_proxy.upstreams.addresses import is_allowed
from inference_proxy.usage import reported


@pytest.mark.parametrize(
    ("address", "none", "loopback", "private"),
    [
        ("8.8.8.8", True, True, True),
        ("2606:4700::1111", True, True, True),
        ("127.0.0.1", False, True, True),
        ("::1", False, True, True),
        ("::ffff:127.0.0.1", False, True, True),
        ("10.1.2.3", False, False, True),
        ("192.168.0.7", False, False, True),
        ("100.64.0.1", False, False, True),
        ("fd12::1", False, False, True),
        ("64:ff9b::a01:203", False, False, True),
        ("169.254.169.254", False, False, False),
        ("::ffff:169.254.169.254", False, False, False),
        ("64:ff9b::a9fe:a9fe", False, False, False),
        ("2002:a9fe:a9fe::1", False, False, False),
        ("100.100.100.200", False, False, False),
        ("fd00:ec2::254", False, False, False),
        ("fe80::1%eth0", False, False, False),
        ("0.0.0.0", False, False, False),
        ("::", False, False, False),
        ("224.0.0.1", False, False, False),
        ("ff02::1", False, False, False),
    ],
)
def test_an_address_is_judged_by_where_it_leads(
    address: str, none: bool, loopback: bool, private: bool
) -> None:
    choices: tuple[PrivateUpstreams, ...] = ("none", "loopback", "private")

    assert [is_allowed(address, private=choice) for choice in choices] == [none, loopback, private]


def test_a_wish_for_patience_is_read_in_every_form() -> None:
    assert retry_after({"retry-after-ms": "250"}) == 0.25
    assert retry_after({"retry-after": "7"}) == 7.0
    assert 50 < (retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}) or 0) <= 60
    assert retry_after({"retry-after": formatdate(0, usegmt=True)}) == 0.0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


def test_waiting_grows_and_never_grows_too_long() -> None:
    assert all(0 <= (wait_before(attempt, retry_after_s=None) or 0) <= 10 for attempt in range(50))
    assert wait_before(0, retry_after_s=3.0) == 3.0
    assert wait_before(0, retry_after_s=11.0) is None


def test_retries_are_a_tenth_of_the_traffic_after_a_first_burst() -> None:
    budget = RetryBudget()
    spent = 0
    for _ in range(1_000):
        budget.earn()
        spent += budget.spend()

    assert 100 <= spent <= 111


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "00-" + "0" * 32 + "-" + "a" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "0" * 16 + "-01",
        "ff-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "b" * 16 + "-01-more",
        "00-" + "g" * 32 + "-" + "b" * 16 + "-01",
    ],
)
def test_a_malformed_trace_context_begins_a_new_trace(header: str) -> None:
    context = continued_from(header)

    assert (len(context.trace_id), len(context.span_id), context.parent_span_id) == (32, 16, "")


def test_a_trace_context_of_a_later_version_is_understood() -> None:
    context = continued_from("01-" + "a" * 32 + "-" + "b" * 16 + "-01-more")

    assert (context.trace_id, context.parent_span_id) == ("a" * 32, "b" * 16)


def test_ids_differ() -> None:
    contexts = [continued_from("") for _ in range(1_000)]

    assert (
        len({context.trace_id for context in contexts} | {context.span_id for context in contexts}) == 2_000
    )


@pytest.mark.parametrize(
    "raw", [None, 3, [], {}, {"prompt_tokens": "many"}, {"prompt_tokens": -1}, {"prompt_tokens": True}]
)
def test_usage_that_is_none_is_unknown(raw: object) -> None:
    assert reported(raw).source == "unknown"


def test_usage_of_compatible_servers_is_understood() -> None:
    usage = reported({"prompt_tokens": 10, "completion_tokens": 2, "prompt_cache_hit_tokens": 6})

    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (10, 2, 6)


def test_of_usage_only_counts_are_kept() -> None:
    usage = reported(
        {
            "prompt_tokens": 3,
            "note": "for ada@example.com",
            "prompt_tokens_details": {"cached_tokens": 1, "by": "ada@example.com"},
        }
    )

    assert usage.raw == {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}}
