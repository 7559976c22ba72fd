"""Undoes the compression of a body that was asked for uncompressed and came compressed all the same."""

import zlib


class EncodingError(ValueError):
    """The body cannot be read: its compression is unknown, or it is not what it says."""


class Unpacked:
    """One compressed body as it arrives."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise EncodingError(f"content-encoding {encoding[:40]!r} was not asked for")
        self._is_deflate = encoding == "deflate"
        self._unpacking: zlib._Decompress | None = None

    def push(self, data: bytes, *, max_bytes: int) -> bytes | None:
        """Return what a piece unpacks to, or None when that is longer than it may be. Raises EncodingError."""
        if not data:
            return b""
        if self._unpacking is None:
            # Some servers call it deflate and mean it without the frame that belongs to it.
            is_raw = self._is_deflate and data[0] & 0x0F != 8
            self._unpacking = zlib.decompressobj(-zlib.MAX_WBITS if is_raw else zlib.MAX_WBITS | 32)
        try:
            unpacked = self._unpacking.decompress(data, max_bytes + 1)
        except zlib.error as error:
            raise EncodingError("the body is not compressed as it says") from error
        return None if len(unpacked) > max_bytes else unpacked

    def finish(self) -> None:
        """Raise EncodingError when the body ended too early."""
        if self._unpacking is not None and not self._unpacking.eof:
            raise EncodingError("the compressed body was cut short")
