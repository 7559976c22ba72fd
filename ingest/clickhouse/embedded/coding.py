"""Content codings of the HTTP interface: lz4 frames, zstd, gzip and deflate, piece by piece."""

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

import lz4.frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Coder(Protocol):
    """Turns a body into its coded form, or back, piece by piece."""

    def push(self, data: bytes) -> bytes:
        """Return what is ready after more of the body."""
        ...

    def finish(self) -> bytes:
        """Return the rest."""
        ...


class _Identity:
    def push(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Lz4Encoder:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._head = self._frame.begin()

    def push(self, data: bytes) -> bytes:
        head, self._head = self._head, b""
        coded: bytes = head + self._frame.compress(data)
        return coded

    def finish(self) -> bytes:
        tail: bytes = self._head + self._frame.flush()
        return tail


class _ZstdEncoder:
    def __init__(self) -> None:
        self._frame = zstd.ZstdCompressor(level=1)

    def push(self, data: bytes) -> bytes:
        return self._frame.compress(data)

    def finish(self) -> bytes:
        return self._frame.flush()


class _ZlibEncoder:
    def __init__(self, window_bits: int) -> None:
        self._stream = zlib.compressobj(1, zlib.DEFLATED, window_bits)

    def push(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def finish(self) -> bytes:
        return self._stream.flush()


class _FrameDecoder:
    """A body may be several frames in a row: the client sends one per block."""

    def __init__(
        self, new_frame: Callable[[], lz4.frame.LZ4FrameDecompressor | zstd.ZstdDecompressor]
    ) -> None:
        self._new_frame = new_frame
        self._frame = new_frame()
        self._is_inside = False

    def push(self, data: bytes) -> bytes:
        pieces = []
        while data:
            if self._frame.eof:
                self._frame = self._new_frame()
            self._is_inside = True
            pieces.append(self._frame.decompress(data))
            data = b""
            if self._frame.eof:
                self._is_inside = False
                data = self._frame.unused_data or b""
        return b"".join(pieces)

    def finish(self) -> bytes:
        if self._is_inside:
            raise UnreadableBodyError("the body ends in the middle of a frame")
        return b""


class _ZlibDecoder:
    def __init__(self, window_bits: int) -> None:
        self._stream = zlib.decompressobj(window_bits)

    def push(self, data: bytes) -> bytes:
        return self._stream.decompress(data)

    def finish(self) -> bytes:
        return self._stream.flush()


class UnreadableBodyError(ValueError):
    """The body is not in the coding its header names."""


_ENCODERS: dict[str, Callable[[], Coder]] = {
    "lz4": _Lz4Encoder,
    "zstd": _ZstdEncoder,
    "gzip": lambda: _ZlibEncoder(31),
    "deflate": lambda: _ZlibEncoder(15),
}
_DECODERS: dict[str, Callable[[], Coder]] = {
    "": _Identity,
    "identity": _Identity,
    "lz4": lambda: _FrameDecoder(lz4.frame.LZ4FrameDecompressor),
    "zstd": lambda: _FrameDecoder(zstd.ZstdDecompressor),
    "gzip": lambda: _ZlibDecoder(31),
    "deflate": lambda: _ZlibDecoder(15),
}


def encoder(accepted: str) -> tuple[str, Coder]:
    """Return the coding to answer with, given an Accept-Encoding header, and its coder."""
    offered = {name.split(";")[0].strip().lower() for name in accepted.split(",")}
    for name, new_coder in _ENCODERS.items():
        if name in offered:
            return name, new_coder()
    return "", _Identity()


def decoder(coding: str) -> Coder:
    """Return the decoder of a request's Content-Encoding."""
    try:
        return _DECODERS[coding.strip().lower()]()
    except KeyError:
        raise UnreadableBodyError(
            f"Content-Encoding {coding[:40]!r} is not known; use one of {sorted(filter(None, _DECODERS))}"
        ) from None


def decode(coder: Coder, data: bytes) -> bytes:
    """Push a piece through a decoder, translating every library's error."""
    try:
        return coder.push(data)
    except (RuntimeError, zstd.ZstdError, zlib.error, EOFError) as error:
        raise UnreadableBodyError(f"the body is not in the coding its header names: {error}") from error
