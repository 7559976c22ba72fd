"""The way to Redis: questions in order, replies in order, and no caller left waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis

from inference_proxy.redis_line import RedisGoneError, RedisLine, RedisReplyError, packed
from tests.fixtures.redis import PrivateRedis


@asynccontextmanager
async def line_to(url: str, lost: list[Exception] | None = None) -> AsyncIterator[RedisLine]:
    noted: list[Exception] = [] if lost is None else lost
    line = RedisLine(url, timeout_s=0.2, on_lost=noted.append)
    try:
        yield line
    finally:
        await line.close()


@asynccontextmanager
async def saying(*pieces: bytes, gap_s: float = 0.0) -> AsyncIterator[str]:
    """Serve something that answers the first question with these bytes; b"" closes the connection."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(gap_s)
        await reader.read() if b"" not in pieces else None
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
        await asyncio.sleep(0.05)


async def test_many_questions_at_once_get_their_own_replies(redis_url: str) -> None:
    async with line_to(redis_url) as line:
        asked = [line.ask(packed("ECHO", f"number {number}")) for number in range(200)]

        assert await asyncio.gather(*asked) == [f"number {number}".encode() for number in range(200)]


async def test_what_is_told_is_done_before_what_is_asked_next(redis_url: str) -> None:
    async with line_to(redis_url) as line:
        await line.ask(packed("DEL", "line:told"))
        line.tell(packed("MULTI"), packed("INCRBY", "line:told", 7), packed("EXEC"))

        assert await line.ask(packed("GET", "line:told")) == b"7"


async def test_what_is_told_before_the_first_question_arrives_too(redis_url: str) -> None:
    async with line_to(redis_url) as line:
        line.tell(packed("SET", "line:first", "x"))

    with redis.Redis.from_url(redis_url) as client:
        assert client.get("line:first") == b"x"


async def test_the_url_says_database_and_password(own_redis: PrivateRedis) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("requirepass", "hunter2")
        scheme, _, rest = own_redis.url.partition("://")
        url = f"{scheme}://:hunter2@{rest.rpartition('/')[0] or rest}/3"
        async with line_to(url) as line:
            await line.ask(packed("SET", "here", "yes"))
        async with line_to(url.replace("hunter2", "wrong")) as stranger:
            with pytest.raises(RedisReplyError):
                await stranger.ask(packed("GET", "here"))
    with redis.Redis.from_url(url) as client:
        assert client.get("here") == b"yes"


async def test_a_no_is_raised_where_it_was_asked_and_heard_where_it_was_told(redis_url: str) -> None:
    lost: list[Exception] = []
    async with line_to(redis_url, lost) as line:
        with pytest.raises(RedisReplyError, match="unknown command"):
            await line.ask(packed("NONSENSE"))
        line.tell(packed("NONSENSE"))
        assert await line.ask(packed("PING")) == b"PONG"

    assert [type(each) for each in lost] == [RedisReplyError]


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        (b"*3\r\n:1\r\n$2\r\nab\r\n*1\r\n$-1\r\n", [1, b"ab", [None]]),
        (b"+OK\r\n", b"OK"),
        (b":-12\r\n", -12),
        (b"*0\r\n", []),
    ],
)
async def test_a_reply_in_pieces_is_read_whole(reply: bytes, value: Any) -> None:
    async with (
        saying(*(reply[at : at + 1] for at in range(len(reply))), gap_s=0.001) as url,
        line_to(url) as line,
    ):
        assert await line.ask(packed("ANY")) == value


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([b""], RedisGoneError),
        ([b"HTTP/1.1 400 Bad Request\r\n"], RedisGoneError),
        ([b":12"], TimeoutError),
        ([], TimeoutError),
    ],
)
async def test_a_redis_that_does_not_answer_fails_in_time(
    pieces: list[bytes], error: type[Exception]
) -> None:
    lost: list[Exception] = []
    async with saying(*pieces) as url, line_to(url, lost) as line:
        with pytest.raises(error):
            await line.ask(packed("PING"))
        assert await asyncio.wait_for(asyncio.gather(line.ask(packed("PING")), return_exceptions=True), 1)


async def test_no_redis_at_all_is_an_error_for_who_asks_and_heard_by_who_tells() -> None:
    lost: list[Exception] = []
    async with line_to("redis://127.0.0.1:1/0", lost) as line:
        with pytest.raises(OSError, match="."):
            await line.ask(packed("PING"))
        line.tell(packed("PING"))
        await asyncio.sleep(0.05)

    assert len(lost) == 1


async def test_the_line_is_opened_again_after_redis_came_back(own_redis: PrivateRedis) -> None:
    async with line_to(own_redis.url) as line:
        assert await line.ask(packed("PING")) == b"PONG"
        own_redis.stop()
        with pytest.raises((RedisGoneError, OSError)):
            await line.ask(packed("PING"))
        own_redis.start()
        assert await line.ask(packed("PING")) == b"PONG"


async def test_a_caller_who_leaves_does_not_shift_the_replies_of_others(redis_url: str) -> None:
    async with line_to(redis_url) as line:
        await line.ask(packed("PING"))
        leaving = asyncio.create_task(line.ask(packed("ECHO", "left")))
        staying = asyncio.create_task(line.ask(packed("ECHO", "stayed")))
        await asyncio.sleep(0)
        leaving.cancel()

        assert await staying == b"stayed"
