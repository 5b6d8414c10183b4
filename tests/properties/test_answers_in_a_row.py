"""An answer means the same whatever its connection has carried before, also where its head was seen already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab.http.answer import Answer, NotHttp
from lab.http.kept_answer import WholeAnswer

PLAIN = b"HTTP/1.1 %d Fine\r\nContent-Length: %d\r\n\r\n%b"
BODIES = (b"", b"ok", b"no", b"a\r\n\r\nb", b"0\r\n\r\n")
ANSWERS = st.one_of(
    st.builds(lambda status, body: PLAIN % (status, len(body), body), st.sampled_from([200, 400, 503]), st.sampled_from(BODIES)),
    st.sampled_from(BODIES).map(lambda body: PLAIN % (200, 2, body)),  # too short, or with bytes that nobody asked for
    st.sampled_from(BODIES[1:]).map(
        lambda body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    ),
    st.just(b"HTTP/1.1 204 None\r\n\r\n"),
    st.just(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN % (200, 2, b"ok")),
    st.just(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
    st.just(b"HTTP/1.1 200 OK\r\n\r\nok"),
)


def met(answer: Answer, pieces: list[bytes]) -> tuple[object, ...]:
    answer.begin()
    try:
        for piece in pieces:
            answer.feed(piece)
    except NotHttp as error:
        return ("not HTTP", str(error))
    return answer.status, answer.size_bytes, answer.whole, answer.keep_alive, answer.surplus, answer.broken_off, answer.raw


@given(st.sampled_from([Answer, WholeAnswer]), st.lists(st.tuples(ANSWERS, st.integers(0, 60)), min_size=2, max_size=8))
def test_an_answer_means_the_same_whatever_came_before(kind: type[Answer], answers: list[tuple[bytes, int]]) -> None:
    line = kind()
    for raw, cut in answers:
        pieces = [piece for piece in (raw[:cut], raw[cut:]) if piece]
        found = met(line, pieces)
        assert found == met(kind(), pieces)
        if not (line.whole and line.keep_alive) or line.surplus:
            return  # whoever holds such a line closes it
