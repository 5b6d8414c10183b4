"""Reads the answers of one connection, one after the other. Pure: bytes in, what they mean out."""

from __future__ import annotations

from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

HEAD_LIMIT_BYTES = 64 * 1024
"""Of status line and headers together; Tomcat, nginx and Node send 8 to 16 kB at most by default."""


class NotHttp(Exception):
    """What arrived is not an HTTP/1.1 answer, or its head is larger than :data:`HEAD_LIMIT_BYTES`."""


class Answer:
    """One answer while it arrives. :meth:`begin` before each one, :meth:`release` when the connection is closed.

    The methods ``on_...`` are called by the parser. Interim answers (100, 103) are read over; bytes after a whole
    answer do not make it less whole, but mark the connection as unusable (``surplus``).
    """

    __slots__ = (
        "_framed", "_head_bytes", "_in_body", "_parser",
        "keep_alive", "retry_after", "size_bytes", "status", "surplus", "whole",
    )  # fmt: skip

    def __init__(self) -> None:
        self._parser: Any = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """The next answer."""
        self._framed = False
        self._in_body = False
        self._head_bytes = 0
        self.status = 0
        self.size_bytes = 0
        self.whole = False
        self.surplus = False
        self.keep_alive = False
        self.retry_after = False

    def release(self) -> None:
        """Lets go of the parser, which holds this object: else only the garbage collector, off during a run, frees both."""
        self._parser = None

    def feed(self, data: bytes) -> bool:
        """More bytes; True when the answer is whole. Raises NotHttp."""
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.whole:
                raise NotHttp(str(error)) from error
            self.surplus = True
        if not (self._in_body or self.whole):
            self._head_grows(len(data))
        return self.whole

    def end(self) -> bool:
        """The connection ended; True when that is what makes the answer whole (a body without a length)."""
        self.whole = self._in_body and not self._framed
        return self.whole

    @property
    def broken_off(self) -> bool:
        """Status and headers are there, the body is not: where an end means a body that breaks off."""
        return self._in_body and not self.whole

    def _head_grows(self, by_bytes: int) -> None:
        self._head_bytes += by_bytes
        if self._head_bytes > HEAD_LIMIT_BYTES:
            raise NotHttp(f"headers of more than {HEAD_LIMIT_BYTES} bytes")

    def on_message_begin(self) -> None:
        if self.whole:
            raise NotHttp("an answer that nobody asked for")  # stops the parser: feed takes note of it

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_grows(len(name) + len(value))
        name = name.lower()
        if name == b"content-length" or (name == b"transfer-encoding" and b"chunked" in value.lower()):
            self._framed = True
        elif name == b"retry-after":
            self.retry_after = True

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        self.size_bytes += len(body)

    def on_message_complete(self) -> None:
        if 100 <= self.status < 200 and self.status != 101:  # interim: the answer is still to come
            self.begin()
            return
        self.whole = True
        self.keep_alive = self._parser.should_keep_alive()
