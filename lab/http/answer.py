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
    answer do not make it less whole, but mark the connection as unusable (``surplus``). Headers are looked at only when
    something depends on one, and then from the bytes as they came: a call for each would be a tenth of a request's CPU.
    """

    __slots__ = ("_in_body", "_parser", "_raw_head", "keep_alive", "size_bytes", "status", "surplus", "whole")
    keeps = False
    """``raw`` goes into every exchange, also that of an answer that was expected."""

    def __init__(self) -> None:
        self._parser: Any = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """The next answer."""
        self._in_body = False
        self._raw_head = b""
        self.status = 0
        self.size_bytes = 0
        self.whole = False
        self.surplus = False
        self.keep_alive = False

    def release(self) -> None:
        """Lets go of the parser, which holds this object: else only the garbage collector, off during a run, frees both."""
        self._parser = None

    def feed(self, data: bytes) -> bool:
        """More bytes; True when the answer is whole. Raises NotHttp."""
        if not self._in_body:
            self._raw_head = self._raw_head + data if self._raw_head else data
            if len(self._raw_head) > HEAD_LIMIT_BYTES and self._raw_head.find(b"\r\n\r\n", 0, HEAD_LIMIT_BYTES) < 0:
                raise NotHttp(f"headers of more than {HEAD_LIMIT_BYTES} bytes")
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.whole:
                raise NotHttp(str(error)) from error
            self.surplus = True
        return self.whole

    def end(self) -> bool:
        """The connection ended; True when that is what makes the answer whole (a body without a length)."""
        self.whole = self._in_body and not self._framed
        return self.whole

    @property
    def retry_after(self) -> bool:
        return "retry-after" in headers_of(self._raw_head)

    @property
    def raw(self) -> bytes:
        """As it came: the head, and what of the body was in the same pieces."""
        return self._raw_head

    @property
    def _framed(self) -> bool:
        """The body has a length, or says itself where it ends."""
        headers = headers_of(self._raw_head)
        return "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()

    @property
    def broken_off(self) -> bool:
        """Status and headers are there, the body is not: where an end means a body that breaks off."""
        return self._in_body and not self.whole

    def on_message_begin(self) -> None:
        if self.whole:
            raise NotHttp("an answer that nobody asked for")  # stops the parser: feed takes note of it

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        self.size_bytes += len(body)

    def on_message_complete(self) -> None:
        if 100 <= self.status < 200 and self.status != 101:  # interim: the answer is still to come, perhaps in these bytes
            raw = self._raw_head
            self.begin()
            self._raw_head = raw
            return
        self.whole = True
        self.keep_alive = self._parser.should_keep_alive()


def headers_of(raw: bytes) -> dict[str, str]:
    """By lower-case name, of the last answer that begins in ``raw``; of several of one name the last."""
    found = _Headers()
    try:
        HttpResponseParser(found).feed_data(raw)
    except (HttpParserError, HttpParserUpgrade):
        pass  # what is wrong with it has been told by the reader of the answer
    return found.headers


class _Headers:
    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def on_message_begin(self) -> None:
        self.headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")
