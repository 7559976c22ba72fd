"""What the spool holds is read as it was written, by this version and by its neighbours."""

from uuid import UUID

import orjson
import pytest

from ingest.records import Span, UnreadableRecordError, decode, encode
from tests.makers import make_event, make_score, make_span, make_verdicts

PROJECT = UUID(int=7)
SPAN = make_span(PROJECT, tags=("a", "b"), attributes={"k": "v"})


@pytest.mark.parametrize(
    "record",
    [
        SPAN,
        make_event(PROJECT, api_key_id=UUID(int=9)),
        make_verdicts(PROJECT, decisions=[{"guard": "a", "kind": "pii", "place": "user", "action": "allow"}]),
        make_score(PROJECT),
    ],
    ids=["span", "event", "verdicts", "score"],
)
def test_a_record_comes_back_as_it_was(record: object) -> None:
    assert decode(encode(record)) == record  # type: ignore[arg-type]


def test_a_span_of_a_version_that_knew_less_has_defaults() -> None:
    fields = orjson.loads(encode(SPAN).removeprefix(b"span "))
    del fields["feature"], fields["request"]

    span = decode(b"span " + orjson.dumps(fields))

    assert isinstance(span, Span)
    assert (span.feature, span.request, span.tags) == ("", {}, ("a", "b"))


def test_a_span_whose_fields_lie_in_another_order_is_the_same() -> None:
    fields = orjson.loads(encode(SPAN).removeprefix(b"span "))

    assert decode(b"span " + orjson.dumps(dict(reversed(fields.items())))) == SPAN


@pytest.mark.parametrize(
    "change", [{"colour": "red"}, {"project_id": "seven"}, {"project_id": []}, {"usage": {"tons": 1}}]
)
def test_a_span_with_what_we_do_not_know_is_unreadable(change: dict[str, object]) -> None:
    fields = orjson.loads(encode(SPAN).removeprefix(b"span ")) | change

    with pytest.raises(UnreadableRecordError):
        decode(b"span " + orjson.dumps(fields))
