"""The first few of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.rows import Outcome
from lab.history.store import UnexpectedWriter, read_unexpected
from lab.http.exchange import Exchange
from lab.load.unexpected import OF_EACH_KIND, Collector

RAW = b"HTTP/1.1 500 No\r\nContent-Type: application/json\r\nSet-Cookie: s=1\r\n\r\n" + b'{"error": "database is locked"}'


def failed(status: int = 500, outcome: Outcome = Outcome.BAD_STATUS, raw: bytes = RAW) -> Exchange:
    return Exchange(0, end_ns=7, outcome=outcome, status=status, raw=raw)


def test_the_first_three_of_each_kind_are_kept_with_the_start_of_their_body() -> None:
    collector = Collector(scenario=4)
    for vu in range(5):
        collector.look_at(failed(), request=1, vu=vu)
    collector.look_at(failed(status=502), request=1, vu=9)
    collector.look_at(failed(status=0, outcome=Outcome.RESET, raw=b""), request=1, vu=9)
    found = collector.take()
    assert [(each.status, each.vu) for each in found] == [(500, 0), (500, 1), (500, 2), (502, 9), (0, 9)]
    assert found[0].body == '{"error": "database is locked"}'
    assert found[0].headers == {"content-type": "application/json", "set-cookie": "[redacted]"}
    assert (found[0].scenario, found[0].request, found[0].t_ns) == (4, 1, 7)
    assert collector.take() == []
    assert OF_EACH_KIND == 3


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.CUT, Outcome.DROPPED])
def test_what_was_expected_or_never_ended_is_not(outcome: Outcome) -> None:
    collector = Collector(scenario=0)
    collector.look_at(failed(outcome=outcome), request=0, vu=0)
    assert collector.take() == []


def test_they_are_read_back_and_a_cut_line_is_dropped(tmp_path: Path) -> None:
    collector = Collector(scenario=0)
    collector.look_at(failed(), request=0, vu=0)
    found = collector.take()
    path = tmp_path / "unexpected-load-0.jsonl"
    writer = UnexpectedWriter(path)
    writer.write([])
    assert not path.exists()
    writer.write(found)
    writer.write(found)
    writer.close()
    path.write_bytes(path.read_bytes() + b'{"t_ns": 3')
    assert read_unexpected(path) == [*found, *found]
    path.write_bytes(b"nonsense\n")
    with pytest.raises(ValueError, match=r"unexpected-load-0.jsonl:1"):
        read_unexpected(path)
