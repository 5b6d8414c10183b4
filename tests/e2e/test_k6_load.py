"""A real k6 in the load's place: its rows are what the server saw, and it ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from k6_bench import FIRST_KEY, K6Run, server

from lab.history.model.rows import Outcome, Via
from lab.runtimes.processes.tick import tick_of

pytestmark = pytest.mark.slow

POST = """
import http from 'k6/http';
export const options = %s;
export default function () { http.post(`${__ENV.BASE_URL}%s`, null, {tags: {name: '%s'}}); }
"""
SHARED = "{ scenarios: { s: { executor: 'shared-iterations', vus: 5, iterations: 200 } } }"
LONG = "{ vus: 3, duration: '60s' }"


def test_every_request_that_the_server_saw_is_a_row(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, POST % (SHARED, "/ok", "order"), served.port) as run:
        code, last = run.end()
        rows = run.rows
        assert (code, last["end"], last["requests"], last["outcomes"]) == (0, True, 200, {"ok": 200}), run.log
        assert len(rows) == served.served == 200
    assert tick_of(json.dumps(last).encode()).requests == 200
    assert sorted(rows.key.tolist()) == list(range(FIRST_KEY, FIRST_KEY + 200))
    assert set(rows.vu.tolist()) <= {1, 2, 3, 4, 5}
    assert set(rows.request.tolist()) == {3}
    assert set(rows.scenario.tolist()) == {2}
    fresh = rows.where(rows.via == Via.FRESH)
    assert len(fresh) == len(set(rows.vu.tolist())), "one connection for each user, kept"
    assert 0 <= last["late_ms"] < 2000
    assert abs(int(rows.due_ns.min()) - run.start_ns) < 2e9
    ordered = [rows.start_us, rows.connected_us, rows.sent_us, rows.first_byte_us, rows.end_us]
    assert all((earlier <= later + 20).all() for earlier, later in pairwise(ordered))
    assert (rows.due_ns + rows.end_us.astype(np.int64) * 1000 <= last["t"]).all()


def test_a_server_that_resets_gives_reset_rows(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, POST % (SHARED, "/reset", "/coupons/1/issue"), served.port) as run:
        code, last = run.end()
        rows = run.rows
        assert (code, last["outcomes"]) == (0, {"reset": 200}), run.log
        assert set(rows.outcome.tolist()) == {Outcome.RESET}
        assert set(rows.request.tolist()) == {4}
        assert "Request Failed" not in run.log, "each is a row already"


def _word(run: K6Run) -> None:
    run.say("stop\n")


def _end_of_input(run: K6Run) -> None:
    assert run.process.stdin is not None
    run.process.stdin.close()
    run.process.stdin = None


def _sigterm(run: K6Run) -> None:
    run.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("stop", [_word, _end_of_input, _sigterm])
def test_stop_ends_k6_and_nothing_is_left_running(tmp_path: Path, stop: Callable[[K6Run], None]) -> None:
    with server() as served, K6Run(tmp_path, POST % (LONG, "/ok", "order"), served.port) as run:
        run.until_requests()
        stop(run)
        code, last = run.end(within_s=5)
        assert (code, last["end"]) == (0, True), (last, run.log)
        assert last["cpu_s"] > 0
        assert served.served - 3 <= len(run.rows) <= served.served, "those in flight k6 tells nobody"
        run.nothing_is_left()


def test_stop_before_the_start_starts_nothing(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, POST % (LONG, "/ok", "order"), served.port, start_in_s=60) as run:
        run.say("stop\n")
        code, last = run.end(within_s=10)
        assert (code, last["requests"], served.served, len(run.rows)) == (0, 0, 0, 0)
        run.nothing_is_left()


def test_k6_dies_with_the_process_that_holds_it(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, POST % (LONG, "/ok", "order"), served.port) as run:
        run.until_requests()
        run.process.kill()
        run.nothing_is_left()
        assert len(run.rows) > 0


def test_an_interrupt_of_the_whole_group_is_not_for_k6(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, POST % (LONG, "/ok", "order"), served.port) as run:
        run.until_requests()
        run.process.send_signal(signal.SIGINT)
        before = run.tick()["requests"]
        assert run.tick()["requests"] > before
        run.say("stop\n")
        assert run.end()[0] == 0


FAILS = "export const options = { vus: 1, iterations: 1 }; export default function () { } throw new Error('so it is');"
CROSSED = "{ vus: 1, iterations: 1, thresholds: { http_reqs: ['count>5'] } }"


def test_a_script_that_fails_is_told_in_its_own_words(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, FAILS, served.port) as run:
        code, last = run.end()
        assert code == 1
        assert "so it is" in last["error"]
        assert "exit code 107" in last["error"]


def test_crossed_thresholds_are_no_failure_of_the_load(tmp_path: Path) -> None:
    with server() as served, K6Run(tmp_path, POST % (CROSSED, "/ok", "order"), served.port) as run:
        code, last = run.end()
        assert (code, last["requests"], "error" in last) == (0, 1, False), run.log


def test_without_k6_nothing_is_started(tmp_path: Path) -> None:
    with K6Run(tmp_path, POST % (LONG, "/ok", "order"), 1, k6=os.devnull + "/k6") as run:
        code, _ = run.end()
        assert code == 2
        assert "no such file" in run.log
        assert not Path(run.plan.rows).exists()
