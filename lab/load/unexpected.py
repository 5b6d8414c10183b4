"""The first few answers of each kind that nobody expected; the rest are counted by their rows."""

from __future__ import annotations

from collections import Counter

from lab.history.model.rows import Outcome
from lab.history.model.unexpected import Unexpected
from lab.http.answer import headers_of
from lab.http.exchange import Exchange
from lab.http.kept_answer import read

OF_EACH_KIND = 3
_EXPECTED = frozenset({Outcome.OK, Outcome.CUT, Outcome.DROPPED})


class Collector:
    """A kind is a request with an outcome and a status."""

    def __init__(self, scenario: int) -> None:
        self._scenario = scenario
        self._seen: Counter[tuple[int, Outcome, int]] = Counter()
        self._pending: list[Unexpected] = []

    def look_at(self, exchange: Exchange, request: int, vu: int) -> None:
        kind = (request, exchange.outcome, exchange.status)
        if exchange.outcome in _EXPECTED or self._seen[kind] >= OF_EACH_KIND:
            return
        self._seen[kind] += 1
        self._pending.append(
            Unexpected.redacted(
                headers=headers_of(exchange.raw),
                body=read(exchange.raw)[1],
                t_ns=exchange.end_ns,
                scenario=self._scenario,
                request=request,
                vu=vu,
                outcome=int(exchange.outcome),
                status=exchange.status,
            )
        )

    def take(self) -> list[Unexpected]:
        found, self._pending = self._pending, []
        return found
