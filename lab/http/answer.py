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

    __slots__ = (
        "_in_body", "_known_bytes", "_known_head", "_known_status", "_parser", "_raw_head", "keep_alive", "size_bytes",
        "status", "surplus", "whole",
    )  # fmt: skip
    remembers = True
    """A head that has just been read needs no reading when it comes again, byte for byte, with a body of the same length."""
    keeps = False
    """``raw`` goes into every exchange, also that of an answer that was expected."""

    def __init__(self) -> None:
        self._parser: Any = HttpResponseParser(self)
        self._known_head = b""
        self._known_bytes = -1  # nothing is known; no bytes are no answer
        self._known_status = 0
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
        if not self._raw_head:
            if len(data) == self._known_bytes and data.startswith(self._known_head):
                return self._again(data)
            self._raw_head = data
        elif not self._in_body:
            self._raw_head += data
        if not self._in_body and len(self._raw_head) > HEAD_LIMIT_BYTES:
            self._look_for_the_end_of_the_head()
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.whole:
                raise NotHttp(str(error)) from error
            self.surplus = True
        if self.whole and self.remembers:
            self._remember(data)
        return self.whole

    def _look_for_the_end_of_the_head(self) -> None:
        if self._raw_head.find(b"\r\n\r\n", 0, HEAD_LIMIT_BYTES) < 0:
            raise NotHttp(f"headers of more than {HEAD_LIMIT_BYTES} bytes")

    def _again(self, data: bytes) -> bool:
        """The parser stands between two answers and need not see this one."""
        self._raw_head = data
        self.status = self._known_status
        self.size_bytes = len(data) - len(self._known_head)
        self._in_body = self.whole = self.keep_alive = True
        return True

    def _remember(self, data: bytes) -> None:
        """Only where the head alone says where its answer ends: it has a length, and was not the head of an interim one."""
        end = data.find(b"\r\n\r\n") + 4
        if self.keep_alive and not self.surplus and self._raw_head is data and len(data) - end == self.size_bytes:
            self._known_head, self._known_bytes, self._known_status = data[:end], len(data), self.status

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
