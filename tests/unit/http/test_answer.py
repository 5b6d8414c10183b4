"""Answers byte by byte: how they are cut into segments never changes what they mean."""

from __future__ import annotations

import pytest

from lab.http.answer import HEAD_LIMIT_BYTES, Answer, NotHttp


def fed(*pieces: bytes) -> Answer:
    answer = Answer()
    answer.begin()
    for piece in pieces:
        answer.feed(piece)
    return answer


@pytest.mark.parametrize(
    ("raw", "status", "size_bytes", "keep_alive"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2, True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, 2, False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 2, False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, 0, True),
    ],
)
def test_an_answer_is_the_same_whole_and_byte_by_byte(raw: bytes, status: int, size_bytes: int, keep_alive: bool) -> None:
    for answer in (fed(raw), fed(*(raw[i : i + 1] for i in range(len(raw))))):
        assert answer.whole
        assert (answer.status, answer.size_bytes, answer.keep_alive, answer.surplus) == (status, size_bytes, keep_alive, False)


def test_an_answer_is_not_whole_before_its_last_byte() -> None:
    assert not fed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no").whole


def test_an_end_makes_only_a_body_without_a_length_whole() -> None:
    assert fed(b"HTTP/1.1 200 OK\r\n\r\nok").end()
    assert not fed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok").end()
    assert not fed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok").end()
    assert not fed(b"HTTP/1.1 200 OK\r\n").end()


def test_bytes_after_the_answer_leave_it_whole_and_are_noted() -> None:
    for more in (b"garbage", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"):
        answer = fed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + more)
        assert (answer.whole, answer.size_bytes, answer.surplus) == (True, 2, True)


def test_what_is_not_http_is_refused() -> None:
    answer = Answer()
    answer.begin()
    with pytest.raises(NotHttp):
        answer.feed(b"SSH-2.0\r\n")


@pytest.mark.parametrize("end", [b"", b"\r\nContent-Length: 0\r\n\r\n"])
def test_a_head_over_the_limit_is_refused_in_one_piece_and_in_many(end: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nX: " + b"x" * HEAD_LIMIT_BYTES + end
    with pytest.raises(NotHttp):
        fed(head)
    with pytest.raises(NotHttp):
        fed(*(head[i : i + 1000] for i in range(0, len(head), 1000)))


def test_nothing_of_one_answer_is_left_for_the_next() -> None:
    answer = fed(b"HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno")
    assert answer.retry_after
    answer.begin()
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (answer.status, answer.retry_after, answer.size_bytes) == (200, False, 2)


def test_a_head_that_comes_again_is_not_parsed_again() -> None:
    head, parser = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", Parsed()
    answer = fed(head + b"ok")
    answer._parser = parser
    answer.begin()
    assert answer.feed(head + b"no")
    assert (answer.status, answer.size_bytes, answer.keep_alive, answer.raw) == (200, 2, True, head + b"no")
    assert parser.fed == []
    answer.begin()
    answer.feed(head + b"n")
    assert parser.fed == [head + b"n"]


class Parsed:
    """A parser that only takes note."""

    def __init__(self) -> None:
        self.fed: list[bytes] = []

    def feed_data(self, data: bytes) -> None:
        self.fed.append(data)


def test_no_bytes_are_no_answer() -> None:
    answer = Answer()
    assert not answer.feed(b"")
    assert not answer.end()
