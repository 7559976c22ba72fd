"""Whatever stands under the keys the dialects know, a span is understood or refused; nothing else happens."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.formats.spans import read
from ingest.records import Span, decode, encode
from tests.ingest.formats.capture import HERE
from tests.ingest.formats.test_spans import NOW_NS, ORIGIN, wire

KEYS = sorted(
    {
        attribute["key"]
        for path in HERE.glob("*.otlp.json")
        for resource in json.loads(path.read_text())["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
        for attribute in span.get("attributes", ())
    }
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=20)
)
STRUCTURES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["role", "parts", "type", "content", "text", "tool_calls", "function", "id", "input"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
AS_JSON = STRUCTURES.map(json.dumps)
VALUES = st.one_of(STRUCTURES, AS_JSON)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12))
def test_any_values_under_known_keys_give_a_span_that_can_be_stored(attributes: dict[str, Any]) -> None:
    span = read(wire(attributes=attributes), ORIGIN, now_ns=NOW_NS)

    assert isinstance(span, Span)
    stored = decode(encode(span))
    assert isinstance(stored, Span)
    assert stored.kind == span.kind
