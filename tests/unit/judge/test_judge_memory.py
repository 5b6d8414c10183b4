"""Ten million rows are judged in less than 500 MB: no figure holds more than a few columns at once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.drill.model import Load
from lab.history.model.history import History
from lab.history.model.rows import DTYPES, Outcome, Rows, Via
from lab.history.store import RowWriter, open_rows, read_rows
from lab.judge.judge import judge
from tests.unit.judge.test_judge_load import a_run

COUNT = 200_000
MOST_BYTES = 42
"""A row: 500 MB less the interpreter with its libraries (70 MB), over ten million. All columns of a row are 44."""
USERS = Load(executor="constant-vus", vus=300, duration=10.0, request={"coupon": 1, "order": 1})
WRITTEN = {
    "http_req_failed": ("rate<0.01",),
    "http_req_duration": ("p(95)<500", "avg<300"),
    "http_req_waiting{name:order}": ("p(95)<500",),
    "http_reqs": ("rate>100",),
}


def rows_of(first: int, count: int) -> Rows:
    """A log-normal service with a tail; one in a thousand failed, one in a hundred found no user: no mask is all true."""
    random = np.random.default_rng(first)
    service_us = np.exp(random.normal(7.5, 0.5, count)) + (random.random(count) < 0.03) * random.exponential(20_000, count)
    what = random.random(count)
    columns = {
        "due_ns": (first + np.arange(count)) * 33_333,
        "start_us": 100,
        "connected_us": 200,
        "sent_us": 205,
        "first_byte_us": 205 + service_us,
        "end_us": 208 + service_us,
        "status": np.where(what < 0.001, 500, 200),
        "outcome": np.where(what < 0.001, Outcome.BAD_STATUS, np.where(what > 0.99, Outcome.DROPPED, Outcome.OK)),
        "scenario": 0,
        "request": random.integers(0, 2, count),
        "via": Via.FRESH,
        "vu": random.integers(0, 300, count),
        "size_bytes": 11,
        "key": first + np.arange(count),
    }
    return Rows(**{name: np.broadcast_to(columns[name], count).astype(dtype) for name, dtype in DTYPES.items()})


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "requests-load-0.arrows"
    writer = RowWriter(path)
    for first in range(0, COUNT, 10_000):
        writer.append_all(rows_of(first, 10_000))
        writer.flush()
    writer.close()
    return path


def bytes_a_row(history: History, load: Callable[[], Rows]) -> float:
    """At the peak of reading and judging."""
    tracemalloc.start()
    try:
        (stage,) = judge(replace(history, load=load())).stages
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stage.load is not None
    assert stage.load.requests > 0.98 * COUNT
    return peak / COUNT


def test_rows_are_judged_in_less_memory_than_their_columns_take(stored: Path) -> None:
    assert bytes_a_row(a_run([], USERS, thresholds=WRITTEN), lambda: open_rows(stored)) < 0.75 * MOST_BYTES


def test_a_window_takes_the_order_too_and_stays_below_the_bound(stored: Path) -> None:
    windowed = {"http_req_due[2s]": ("p(99)<900",)}
    assert bytes_a_row(a_run([], USERS, thresholds=windowed), lambda: open_rows(stored)) < MOST_BYTES


def test_the_bound_does_not_hold_with_all_columns_in_memory(stored: Path) -> None:
    assert bytes_a_row(a_run([], USERS), lambda: read_rows(stored)) > MOST_BYTES
