"""The HTTP interface as an ASGI application."""

import asyncio
import json
import secrets
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from ingest.clickhouse.embedded import coding, request, statement
from ingest.clickhouse.embedded.engine import Answer, Connection, Counts, Engine
from ingest.clickhouse.embedded.failures import StoreError
from ingest.clickhouse.embedded.request import StoreRequest
from ingest.clickhouse.embedded.statement import Statement

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_STATEMENT_BYTES = 64 * 1024 * 1024
"""The data of an INSERT is streamed and has no limit; everything else is held in memory."""


class ClientGoneError(Exception):
    """The client closed the connection before its request was answered."""


def build(engine: Engine) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the application that answers for an engine."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        exchange = _Exchange(engine, scope, receive, send)
        try:
            await exchange.answer()
        except ClientGoneError:
            return
        except StoreError as error:
            await exchange.fail(error)
        except coding.UnreadableBodyError as error:
            await exchange.fail(StoreError(117, f"{error}.", "INCORRECT_DATA"))

    return app


class _Exchange:
    """One request and its answer."""

    def __init__(self, engine: Engine, scope: Scope, receive: Receive, send: Send) -> None:
        self._engine, self._scope, self._receive, self._send = engine, scope, receive, send
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._query_id = str(uuid.uuid4())
        self._tag = secrets.token_hex(8)
        self._has_begun = False
        self._coder: coding.Coder | None = None

    async def answer(self) -> None:
        """Run what the request asks for and send the result."""
        if self._scope["path"] in {"/ping", "/replicas_status"} or self._is_greeting():
            await self._begin(200, content_type="text/plain; charset=UTF-8")
            await self._send_body(b"Ok.\n", more=False)
            return
        self._refuse_browsers()
        body = self._body()
        form = {}
        content_type = self._headers.get(b"content-type", b"")
        if content_type.startswith(b"multipart/form-data"):
            form = request.form_fields(content_type, await _all(body, MAX_STATEMENT_BYTES))
        asked = request.parse(self._scope["query_string"], self._headers, form)
        self._query_id = asked.query_id or self._query_id
        read = await self._read_statement(asked, body)
        statement.forbid_outside(read.sql)
        async with self._engine.lease(asked.database, asked.settings) as connection:
            if read.is_insert_of_data:
                await self._insert(connection, asked, read, body)
            elif read.is_streamable and not asked.waits_for_end:
                await self._stream(connection, asked, read)
            else:
                await self._run(connection, asked, read)

    async def fail(self, error: StoreError) -> None:
        """Send an exception: with its status when nothing was sent yet, else inside the stream."""
        text = f"{error} (version {self._engine.version})\n".encode("utf-8", "backslashreplace")
        if not self._has_begun:
            await self._begin(error.http_status, code=error.code, content_type="text/plain; charset=UTF-8")
            await self._send_body(text, more=False)
            return
        tag = self._tag.encode()
        framed = b"__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n" % (tag, text, len(text), tag)
        await self._send_body(framed, more=False)

    def _is_greeting(self) -> bool:
        return (
            self._scope["path"] == "/" and self._scope["method"] == "GET" and not self._scope["query_string"]
        )

    def _refuse_browsers(self) -> None:
        """A page in a browser can reach 127.0.0.1; it must not be able to ask the store anything."""
        if b"origin" in self._headers or b"sec-fetch-site" in self._headers:
            raise StoreError(516, "The embedded store does not answer browsers.", "AUTHENTICATION_FAILED")

    async def _body(self) -> AsyncIterator[bytes]:
        """Yield the decoded body as it arrives."""
        decoder = coding.decoder(self._headers.get(b"content-encoding", b"").decode("latin-1"))
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            data = message.get("body", b"")
            if data:
                yield coding.decode(decoder, data)
            if not message.get("more_body", False):
                rest = decoder.finish()
                if rest:
                    yield rest
                return

    async def _read_statement(self, asked: StoreRequest, body: AsyncIterator[bytes]) -> Statement:
        """Take as much of the body as is needed to know what to run."""
        head = asked.query + b"\n" if asked.query else b""
        if asked.query:
            found = statement.read(head, is_whole=False, default_format=asked.default_format)
            if found is not None:
                return found
        async for piece in body:
            head += piece
            if len(head) > MAX_STATEMENT_BYTES:
                raise StoreError(
                    62, f"The statement is longer than {MAX_STATEMENT_BYTES} bytes.", "SYNTAX_ERROR"
                )
            found = statement.read(head, is_whole=False, default_format=asked.default_format)
            if found is not None:
                return found
        whole = statement.read(head, is_whole=True, default_format=asked.default_format)
        if whole is None or not whole.sql.strip():
            raise StoreError(62, "Syntax error: Empty query.", "SYNTAX_ERROR")
        return whole

    async def _insert(
        self, connection: Connection, asked: StoreRequest, read: Statement, body: AsyncIterator[bytes]
    ) -> None:
        engine = self._engine
        stream = await engine.call(connection.open_insert, _text(read.sql), read.format)
        try:
            if read.data:
                await engine.call(connection.append, stream, read.data)
            async for piece in body:
                await engine.call(connection.append, stream, piece)
        except BaseException:
            # The rows of blocks already written stay, as they do in ClickHouse; the sender was told nothing.
            with suppress(RuntimeError):
                await asyncio.shield(engine.call(connection.cancel_insert, stream))
            raise
        answer = await engine.call(connection.finish_insert, stream)
        await self._begin(200, counts=answer.counts)
        await self._send_body(b"", more=False)

    async def _run(self, connection: Connection, asked: StoreRequest, read: Statement) -> None:
        sql = _text(read.sql)
        is_control = await self._engine.call(connection.is_control, sql)
        try:
            answer: Answer = await self._engine.call(connection.run, sql, read.format, asked.parameters)
        finally:
            if is_control:
                await asyncio.shield(self._engine.call(connection.discard))
        await self._begin(
            200, counts=answer.counts, asked=asked, result_format=read.format if answer.body else ""
        )
        await self._send_body(answer.body, more=False)

    async def _stream(self, connection: Connection, asked: StoreRequest, read: Statement) -> None:
        engine = self._engine
        stream = await engine.call(connection.open_read, _text(read.sql), read.format, asked.parameters)
        is_gone = asyncio.create_task(self._client_left())
        try:
            block: Answer | None = await engine.call(connection.fetch, stream)
            await self._begin(200, asked=asked, result_format=read.format if block else "")
            while block is not None:
                # Sending to a client that left raises nothing, so it has to be asked for.
                if is_gone.done():
                    raise ClientGoneError
                await self._send_body(block.body, more=True)
                block = await engine.call(connection.fetch, stream)
        except BaseException:
            with suppress(RuntimeError):
                await asyncio.shield(engine.call(connection.cancel_read, stream))
            raise
        finally:
            is_gone.cancel()
        await self._send_body(b"", more=False)

    async def _client_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _begin(
        self,
        status: int,
        *,
        counts: Counts | None = None,
        code: int | None = None,
        asked: StoreRequest | None = None,
        result_format: str = "",
        content_type: str = "application/octet-stream",
    ) -> None:
        headers = {
            "Content-Type": content_type,
            "X-ClickHouse-Query-Id": self._query_id,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Exception-Tag": self._tag,
        }
        if counts is not None:
            headers["X-ClickHouse-Summary"] = json.dumps(
                {
                    "read_rows": str(counts.rows_read),
                    "read_bytes": str(counts.bytes_read),
                    "written_rows": str(counts.rows_written),
                    "written_bytes": str(counts.bytes_written),
                }
            )
        if code is not None:
            headers["X-ClickHouse-Exception-Code"] = str(code)
        if result_format:
            headers["X-ClickHouse-Format"] = result_format
        if asked is not None and asked.accepts_coding:
            name, self._coder = coding.encoder(asked.accepts_coding)
            if name:
                headers["Content-Encoding"] = name
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(k.lower().encode(), v.encode("latin-1", "replace")) for k, v in headers.items()],
            }
        )
        self._has_begun = True

    async def _send_body(self, data: bytes, *, more: bool) -> None:
        if self._coder is not None:
            data = self._coder.push(data) if data else b""
            if not more:
                data += self._coder.finish()
        if data or not more:
            await self._send({"type": "http.response.body", "body": data, "more_body": more})


async def _all(body: AsyncIterator[bytes], limit: int) -> bytes:
    pieces, size = [], 0
    async for piece in body:
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise StoreError(62, f"The form is longer than {limit} bytes.", "SYNTAX_ERROR")
    return b"".join(pieces)


def _text(sql: bytes) -> str:
    try:
        return sql.decode()
    except UnicodeDecodeError:
        raise StoreError(62, "Syntax error: the statement is not UTF-8.", "SYNTAX_ERROR") from None
