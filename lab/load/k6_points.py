"""k6's JSON points become rows. Pure: lines in, rows out.

k6 writes the points of one request one after the other: ``http_reqs``, then ``http_req_`` duration, blocked, connecting,
tls_handshaking, sending, waiting, receiving, all with the request's *end* as their time and the same tags (measured on
1.4.0; ``failed`` follows unless the script has switched it off, so it is not waited for). ``receiving`` makes it whole.

What k6 does not tell, and what stands in the row instead:

- No schedule: ``due`` is the start, end − duration − blocked. A late start shows only in ``dropped_iterations``.
- Nothing is measured of a request that got no connection (every time is 0): its row begins and ends at its end, so a
  connection that timed out after 5 s seems to have begun 5 s late. ``connected`` is never.
- A request in flight when k6 is stopped is not told at all: there are no ``cut`` rows.
- Its retries: Go sends a GET once more by itself when a kept connection breaks before the first byte. One row, and the
  server saw two.
- Sizes (0 bytes), Retry-After (a 503 is ``bad_status``, never ``shed``), whether headers or the body broke off (both
  ``closed``), and keys: unless the script puts its own into the tag or the metadata ``lab_key``, rows get keys that
  were never sent, so that no ledger can be held against them.
"""

from __future__ import annotations

import itertools
import re
from calendar import timegm
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lab.history.model.rows import NEVER, OTHER, Outcome, Row, Via
from lab.http.classify import outcome_of_connect, outcome_of_loss
from lab.load.checks import CheckCounts
from lab.load.k6_plan import K6Plan
from lab.nanoseconds import NS_PER_MS, NS_PER_S, NS_PER_US

try:
    from orjson import loads  # type: ignore[import-not-found,unused-ignore]  # optional: a third faster where it is there
except ImportError:
    from json import loads

_FIRST, _LAST, _DROPPED, _CHECKS = "http_reqs", "receiving", "dropped_iterations", "checks"
_OF_A_REQUEST = "http_req_"
_REFUSED, _TIMEOUT, _DIAL_TIMEOUT, _DNS = 1212, 1050, 1211, range(1100, 1200)
_OF_A_DIAL, _OF_A_LOSS = frozenset({1210, 1213}), frozenset({1202})
_OUTCOMES = {_DIAL_TIMEOUT: Outcome.CONNECT_TIMEOUT, _REFUSED: Outcome.CONNECT_REFUSED, 1701: Outcome.BAD_BODY}
"""Those of k6's error codes that mean one thing; 1201 (broken pipe) and 1220 (reset by peer) are resets, as whatever else
broke it off is."""
_PLAIN = re.compile(rb'\{"metric":"http_req_(\w+)","type":"Point","data":\{"time":"[^"]*","value":([-+.\deE]+),')
"""A line of which only the value is needed, as k6 writes it: eight of the twelve lines of a request, so that reading costs
21 µs a request instead of 49 [M]. A line that looks otherwise is parsed as a whole."""
_ERRNO = re.compile(r"errno `?(\d+)")
_TIME = re.compile(r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?(?:Z|([+-])(\d+):(\d+))")


@dataclass(slots=True)
class _Request:
    """What was told of one request so far; ``ms`` by the ends of the metrics' names."""

    time: str
    tags: Mapping[str, str]
    metadata: Mapping[str, str]
    ms: dict[str, float] = field(default_factory=dict)


class Points:
    """Groups the points of one k6 into rows, and counts its checks. One object for one run: it remembers users, keys and
    half-told requests.
    """

    def __init__(self, plan: K6Plan) -> None:
        self._scenario = plan.scenario
        self._known = {name: index for index, name, _ in plan.requests}
        self._paths = [(_pattern(path), index) for index, _, path in plan.requests]
        self._dropped_request = plan.requests[0][0] if plan.requests else OTHER
        self._keys = itertools.count(plan.first_key)
        self._seen: set[int] = set()
        self._seconds: dict[str, int] = {}
        self._request: _Request | None = None
        self.checks = CheckCounts()
        """What its script checked; it is in no row."""

    def rows(self, lines: Iterable[bytes], wall_minus_run_ns: int) -> Iterator[Row]:
        """The rows that ``lines`` complete. ``wall_minus_run_ns``: what k6's wall clock shows more than the run's.

        Raises ValueError at a line that k6 does not write.
        """
        for line in lines:
            try:
                if (plain := _PLAIN.match(line)) is not None:
                    yield from self._timed(plain[1].decode(), float(plain[2]), wall_minus_run_ns)
                    continue
                told = loads(line)
                if told["type"] == "Point":
                    yield from self._point(told["metric"], told["data"], wall_minus_run_ns)
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"not a line of k6's JSON output: {line[:200]!r} ({error!r})") from error

    def _point(self, metric: str, data: Mapping[str, Any], wall_minus_run_ns: int) -> Iterator[Row]:
        if metric.startswith(_OF_A_REQUEST):
            yield from self._timed(metric.removeprefix(_OF_A_REQUEST), data["value"], wall_minus_run_ns)
        elif metric == _FIRST:
            self._request = _Request(data["time"], data["tags"], data.get("metadata") or {})
        elif metric == _CHECKS:
            self.checks.count(data["tags"].get("check", ""), data["value"] > 0)
        elif metric == _DROPPED:
            due_ns = self._instant_ns(data["time"]) - wall_minus_run_ns
            for _ in range(round(data["value"])):  # shared iterations: one point with all that none came to begin
                yield Row(
                    due_ns=due_ns,
                    outcome=Outcome.DROPPED,
                    scenario=self._scenario,
                    request=self._dropped_request,
                    key=next(self._keys),
                )

    def _timed(self, name: str, value: float, wall_minus_run_ns: int) -> Iterator[Row]:
        request = self._request
        if request is not None:
            request.ms[name] = value
            if name == _LAST:
                yield self._row(request, wall_minus_run_ns)
                self._request = None

    def _row(self, request: _Request, wall_minus_run_ns: int) -> Row:
        ms, tags = request.ms, request.tags
        blocked, sending, waiting, receiving = (ms[name] for name in ("blocked", "sending", "waiting", "receiving"))
        connected = blocked > 0 or ms["connecting"] > 0
        took_ns = round((blocked + ms["duration"]) * NS_PER_MS)
        status = int(tags.get("status", 0))
        vu = int(request.metadata.get("vu") or tags.get("vu") or 0)
        return Row(
            due_ns=self._instant_ns(request.time) - wall_minus_run_ns - took_ns,
            start_us=0,
            connected_us=_us(blocked) if connected else NEVER,
            sent_us=_us(blocked + sending) if sending > 0 else NEVER,
            first_byte_us=_us(blocked + sending + waiting) if receiving > 0 else NEVER,
            end_us=min(took_ns // NS_PER_US, NEVER - 1),
            status=status,
            outcome=_outcome(status, tags, connected),
            scenario=self._scenario,
            request=self._index(tags),
            via=self._via(vu, ms["connecting"] > 0, connected),
            vu=vu & 0xFFFF,
            key=int(request.metadata.get("lab_key") or tags.get("lab_key") or next(self._keys)),
        )

    def _via(self, vu: int, connecting: bool, connected: bool) -> Via:
        """Kept: it had a connection and none was opened for it. A user's first has none to keep."""
        first = vu not in self._seen and vu > 0
        self._seen.add(vu)
        return Via.FRESH if connecting or first or not connected else Via.KEPT

    def _index(self, tags: Mapping[str, str]) -> int:
        name = tags.get("name") or tags.get("url", "")
        if (known := self._known.get(name)) is not None:
            return known
        path = urlsplit(name).path
        index = next((index for pattern, index in self._paths if pattern.fullmatch(path)), OTHER)
        if len(self._known) < 10_000:  # a script with the key in its URL has as many as it has requests
            self._known[name] = index
        return index

    def _instant_ns(self, time: str) -> int:
        """RFC 3339 with up to nine digits, since the epoch. Whole seconds are remembered: thousands of points share one."""
        if time.endswith("Z") and (seconds := self._seconds.get(time[:19])) is not None:
            return seconds * NS_PER_S + int(time[20:-1].ljust(9, "0") or 0)
        found = _TIME.fullmatch(time)
        if found is None:
            raise ValueError(f"{time!r} is no time")
        *date, fraction, sign, hours, minutes = found.groups()
        year, month, day, hour, minute, second = map(int, date)
        seconds = timegm((year, month, day, hour, minute, second))
        if sign is None:
            self._seconds = {time[:19]: seconds}
        else:
            ahead = int(hours) * 3600 + int(minutes) * 60
            seconds -= -ahead if sign == "-" else ahead
        return seconds * NS_PER_S + int((fraction or "").ljust(9, "0"))


def _us(ms: float) -> int:
    return min(int(ms * 1000), NEVER - 1)


def _outcome(status: int, tags: Mapping[str, str], connected: bool) -> Outcome:
    """A status beats an error code: k6 puts 1000 + status there from 400 on, also when the script expects it."""
    if status:
        expected = tags.get("expected_response", "true" if 200 <= status < 400 else "false")
        return Outcome.OK if expected == "true" else Outcome.BAD_STATUS
    code, error = int(tags.get("error_code", 1000)), tags.get("error", "")
    if code == _TIMEOUT:
        # k6 gives up a dial by itself only after 30 s (1211): a script's shorter time-out shows as 1050 there too.
        return Outcome.TIMEOUT if connected else Outcome.CONNECT_TIMEOUT
    if code in _DNS:
        return Outcome.CONNECT_REFUSED
    if code in _OF_A_DIAL:
        return outcome_of_connect(_os_error(error))
    if code in _OF_A_LOSS:
        return outcome_of_loss(_os_error(error))
    if error.endswith("EOF") or "closed" in error:
        return Outcome.CLOSED
    return Outcome.BAD_BODY if error.startswith("malformed") else _OUTCOMES.get(code, Outcome.RESET)


def _os_error(text: str) -> OSError:
    found = _ERRNO.search(text)
    return OSError(int(found[1]), text) if found else OSError(text)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", path.split("?")[0])))
