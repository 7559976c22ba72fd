"""The client against servers that keep to HTTP, and against some that do not."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inference_proxy.snapshot import UpstreamConfig
from inference_proxy.upstreams import http
from inference_proxy.upstreams.base import Call, UpstreamError
from inference_proxy.upstreams.http import HttpUpstream
from inference_proxy.upstreams.pool import Pool

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
CALL = Call(path="/chat/completions", body=b'{"model": "m"}', headers={"traceparent": "00-1-2-01"})


@dataclass
class Server:
    """Writes the scripted bytes for each request; b"" closes the connection."""

    answers: list[list[bytes]]
    port: int = 0
    opened: int = 0
    closed: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                for piece in self.answers.pop(0) if self.answers else [OK]:
                    if not piece:
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.01)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            writer.close()


@asynccontextmanager
async def serving(*answers: list[bytes], tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(list(answers))
    listening = await asyncio.start_server(server.converse, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await asyncio.sleep(0.02)


@asynccontextmanager
async def upstream_at(
    server: Server, *, scheme: str = "http", host: str = "127.0.0.1", **fields: Any
) -> AsyncIterator[HttpUpstream]:
    pool = Pool(private="loopback")
    values: dict[str, Any] = {"base_url": f"{scheme}://{host}:{server.port}/v1"}
    config = UpstreamConfig(
        id=UUID(int=1), name="scripted", provider="openai", protocol="openai", **values | fields
    )
    try:
        yield HttpUpstream(config, pool, api_key="sk-secret")
    finally:
        await pool.close()


async def body_of(upstream: HttpUpstream, call: Call = CALL) -> bytes:
    answer = await upstream.send(call)
    try:
        return await answer.read()
    finally:
        answer.close()


async def pieces_of(upstream: HttpUpstream) -> bytes:
    answer = await upstream.send(CALL)
    whole = b""
    try:
        while data := await answer.next_bytes():
            whole += data
        return whole
    finally:
        answer.close()


READ: list[Callable[[HttpUpstream], Any]] = [body_of, pieces_of]


async def test_a_request_says_what_it_must_and_nothing_twice() -> None:
    async with serving() as server, upstream_at(server, headers={"X-Team": "blue"}) as upstream:
        await body_of(upstream)

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /v1/chat/completions HTTP/1.1"
    assert sorted(line.partition(":")[0] for line in lines) == [
        "accept-encoding", "authorization", "content-length", "content-type", "host", "traceparent", "user-agent",
        "x-team",
    ]  # fmt: skip
    assert f"host: 127.0.0.1:{server.port}" in lines
    assert body == CALL.body


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\x00b"])
async def test_no_header_smuggles_in_another(value: str) -> None:
    async with serving() as server, upstream_at(server) as upstream:
        await body_of(upstream, Call(path="/chat/completions", body=b"{}", headers={"openai-beta": value}))

    assert b"evil" not in server.requests[0]
    assert b"openai-beta" not in server.requests[0]


async def test_a_header_of_the_installation_that_cannot_be_sent_is_refused() -> None:
    async with serving() as server, upstream_at(server, headers={"x": "a\r\nb: c"}) as upstream:
        with pytest.raises(UpstreamError, match="header that cannot be sent"):
            await upstream.send(CALL)

    assert server.opened == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/v1", "127.0.0.1", "http://[::1/v1", ""])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    async with serving() as server, upstream_at(server, base_url=url) as upstream:
        with pytest.raises(UpstreamError) as caught:
            await upstream.send(CALL)

    assert caught.value.kind == "refused"


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([OK[:-2], b"{", b"}"], id="content length"),
        pytest.param([bytes([each]) for each in OK], id="byte by byte"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n{\r\n", b"1;x=y\r\n}\r\n0\r\n", b"t: 1\r\n\r\n"],
            id="chunked, with a trailer",
        ),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\n{", b"}", b""], id="until the connection closes"),
        pytest.param([b"HTTP/1.0 200 OK\r\n\r\n{}", b""], id="an old server"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" + OK], id="interim answers"),
    ],
)  # fmt: skip
async def test_an_answer_arrives_whole_however_it_is_framed(
    read: Callable[[HttpUpstream], Any], answer: list[bytes]
) -> None:
    async with serving(answer) as server, upstream_at(server) as upstream:
        assert await read(upstream) == b"{}"


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([b""], id="nothing"),
        pytest.param([b"HTTP/1.1 200 OK\r\nconte", b""], id="half a head"),
        pytest.param([OK[:-1], b""], id="half a body"),
        pytest.param([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", b""], id="no last chunk"),
        pytest.param([b"220 mail.example ESMTP\r\n"], id="another protocol"),
        pytest.param([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"], id="no size"),
        pytest.param([b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello"], id="an upgrade"),
        pytest.param([b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 40_000], id="a head without end"),
        pytest.param([b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\n{}"], id="an encoding of its own"),
        pytest.param([b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"], id="no gzip"),
    ],
)  # fmt: skip
async def test_what_is_no_whole_answer_is_an_interruption(
    read: Callable[[HttpUpstream], Any], answer: list[bytes]
) -> None:
    async with serving(answer, answer) as server, upstream_at(server, total_timeout_s=5) as upstream:
        with pytest.raises(UpstreamError) as caught:
            await read(upstream)

    assert caught.value.kind == "interrupted"


async def test_connections_carry_one_call_after_another() -> None:
    async with serving() as server, upstream_at(server) as upstream:
        for _ in range(5):
            assert await body_of(upstream) == b"{}"

    assert server.opened == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([OK.replace(b"200 OK\r\n", b"200 OK\r\nconnection: close\r\n")], id="asked to close"),
        pytest.param([OK + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong"], id="an answer too many"),
        pytest.param([OK, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong"], id="an answer too late"),
    ],
)
async def test_a_connection_with_more_to_say_is_not_used_again(answer: list[bytes]) -> None:
    async with serving(answer) as server, upstream_at(server) as upstream:
        assert await body_of(upstream) == b"{}"
        await asyncio.sleep(0.05)
        assert await body_of(upstream) == b"{}"

    assert server.opened == 2


async def test_a_connection_closed_while_it_was_idle_costs_no_call() -> None:
    async with serving([OK], [b""]) as server, upstream_at(server) as upstream:
        await body_of(upstream)
        # The server takes the second call on the old connection and closes it without a word.
        assert await body_of(upstream) == b"{}"

    assert (server.opened, len(server.requests)) == (2, 3)


async def test_a_call_that_was_answered_in_part_is_not_sent_again() -> None:
    async with serving([OK], [b"HTTP/1.1 2", b""]) as server, upstream_at(server) as upstream:
        await body_of(upstream)
        with pytest.raises(UpstreamError):
            await body_of(upstream)

    assert len(server.requests) == 2


async def test_a_call_on_a_new_connection_is_sent_once() -> None:
    async with serving([b""]) as server, upstream_at(server) as upstream:
        with pytest.raises(UpstreamError):
            await body_of(upstream)

    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [[], [OK[:20]], [OK[:-1]]])
async def test_an_answer_that_takes_too_long_is_given_up(answer: list[bytes]) -> None:
    stalled = [*answer, *[b" "] * 0]
    async with serving(stalled) as server, upstream_at(server, total_timeout_s=0.1) as upstream:
        with pytest.raises(UpstreamError) as caught:
            await body_of(upstream)
        await asyncio.sleep(0.05)

    assert caught.value.kind == "timeout"
    assert server.closed == 1


async def test_a_cancelled_call_leaves_no_connection_behind() -> None:
    async with serving([OK[:20]]) as server, upstream_at(server) as upstream:
        task = asyncio.create_task(body_of(upstream))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        assert server.closed == 1
        assert await body_of(upstream) == b"{}"

    assert server.opened == 2


async def test_an_answer_left_unread_does_not_reach_the_next_caller() -> None:
    async with serving([OK[:-2], b"{}"]) as server, upstream_at(server) as upstream:
        answer = await upstream.send(CALL)
        answer.close()
        answer.close()
        assert await body_of(upstream) == b"{}"

    assert server.opened == 2


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(b"{}")),
        ("deflate", zlib.compress(b"{}")),
        ("deflate", zlib.compress(b"{}", wbits=-15)),
    ],
)
async def test_what_comes_compressed_unasked_is_unpacked(
    read: Callable[[HttpUpstream], Any], encoding: str, content: bytes
) -> None:
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(content)}\r\n\r\n"
    pieces = [head.encode(), *(bytes([each]) for each in content)]
    async with serving(pieces) as server, upstream_at(server) as upstream:
        assert await read(upstream) == b"{}"


@pytest.mark.parametrize("content", [b" " * 3_000, gzip.compress(b" " * 3_000)])
async def test_an_answer_may_be_so_large_and_no_larger(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 2_000)
    encoding = b"gzip" if content.startswith(b"\x1f") else b"identity"
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: %b\r\ntransfer-encoding: chunked\r\n\r\n" % encoding
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    async with serving([head, chunked]) as server, upstream_at(server) as upstream:
        with pytest.raises(UpstreamError) as caught:
            await body_of(upstream)

    assert caught.value.kind == "too_large"


async def test_a_large_answer_that_is_read_slowly_arrives_whole() -> None:
    content = bytes(range(256)) * 8_192
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(content)
    async with serving([head + content]) as server, upstream_at(server) as upstream:
        answer = await upstream.send(CALL)
        whole = b""
        while data := await answer.next_bytes():
            whole += data
            await asyncio.sleep(0.001)
        answer.close()
        assert whole == content
        assert await body_of(upstream) == b"{}"

    assert server.opened == 1


async def test_a_large_request_arrives_whole() -> None:
    call = Call(path="/chat/completions", body=b"x" * 3_000_000)
    async with serving() as server, upstream_at(server) as upstream:
        assert await body_of(upstream, call) == b"{}"

    assert server.requests[0].endswith(b"\r\n\r\n" + call.body)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_that_is_trusted_lets_the_call_through(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with (
        serving(tls=server_side(certificate)) as server,
        upstream_at(server, scheme="https", host="localhost") as upstream,
    ):
        for _ in range(3):
            assert await body_of(upstream) == b"{}"

    assert len(server.requests) == 3


@pytest.mark.parametrize("trusts", [True, False])
async def test_a_certificate_of_somebody_else_is_refused(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, trusts: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate) if trusts else "/dev/null")
    host = "127.0.0.1" if trusts else "localhost"
    async with (
        serving(tls=server_side(certificate)) as server,
        upstream_at(server, scheme="https", host=host) as upstream,
    ):
        with pytest.raises(UpstreamError) as caught:
            await upstream.send(CALL)

    assert caught.value.kind == "connect"
    assert server.requests == []
