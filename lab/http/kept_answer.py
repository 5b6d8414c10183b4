"""Answers of which more is kept than their status and size, for those who read them."""

from __future__ import annotations

from lab.http.answer import Answer, NotHttp


class WholeAnswer(Answer):
    """Keeps all of an answer as it came, for its exchange; nothing is taken apart before somebody asks (``read``)."""

    __slots__ = ("_more",)
    keeps = True

    def begin(self) -> None:
        super().begin()
        self._more: list[bytes] = []

    def feed(self, data: bytes) -> bool:
        if self._in_body:
            self._more.append(data)
        return super().feed(data)

    @property
    def raw(self) -> bytes:
        return self._raw_head + b"".join(self._more) if self._more else self._raw_head


class KeptAnswer(Answer):
    """Keeps headers and body, taken apart as they come."""

    __slots__ = ("body", "headers")
    remembers = False

    def begin(self) -> None:
        super().begin()
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.body += body


def read(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the answer that ``raw`` begins with, as far as they came; interim answers are read over."""
    answer = KeptAnswer()
    try:
        answer.feed(raw)
    except NotHttp:
        pass  # its outcome says so already; here is what came before
    finally:
        answer.release()
    return answer.headers, bytes(answer.body)
