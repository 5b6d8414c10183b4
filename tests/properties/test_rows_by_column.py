"""Figures of rows that are read column by column are those of all rows at once, and those of a loop over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.drill.model import Load
from lab.history.model.history import History
from lab.history.model.rows import NEVER, Outcome, Row, Rows, Via
from lab.history.store import RowWriter, open_rows
from lab.judge.judge import judge
from lab.judge.load import load_figures
from tests.histories import plan, stage

USERS = Load(executor="constant-vus", vus=10, duration=10.0, request={"order": 1, "coupon": 1})
REQUESTS = ["coupon", "order"]
WRITTEN = {
    "http_req_duration": ("p(95)<500",),
    "http_req_waiting{name:order}": ("avg<5",),
    "http_req_due[1s]": ("p(90)<100",),
    "http_reqs": ("rate>100",),
    "dropped_iterations": ("count<3",),
}
few = settings(max_examples=60, deadline=None)
stamps = st.integers(0, 200_000) | st.just(NEVER)
requests = st.builds(
    Row,
    due_ns=st.integers(0, 10**7).map(lambda us: us * 1000),  # a verdict says µs
    start_us=stamps,
    connected_us=stamps,
    sent_us=stamps,
    first_byte_us=stamps,
    end_us=st.integers(500, 400_000),
    status=st.sampled_from([0, 200, 200, 503]),
    outcome=st.sampled_from(Outcome),
    scenario=st.integers(0, 1),
    request=st.integers(0, 2),
    via=st.sampled_from(Via),
)
files = st.lists(st.lists(st.lists(requests, max_size=8), max_size=4), max_size=3)
"""Of each its batches."""


def written(folder: Path, content: Sequence[Sequence[Sequence[Row]]]) -> list[Path]:
    paths = [folder / f"requests-load-{number}.arrows" for number in range(len(content))]
    for path, batches in zip(paths, content, strict=True):
        writer = RowWriter(path)
        for batch in batches:
            writer.append_all(Rows.of(batch))
            writer.flush()
        writer.close()
    return paths


@pytest.mark.slow  # 0.5 s: it writes some 100 files
@few
@given(content=files)
def test_a_verdict_is_the_same_whether_rows_are_in_memory_or_in_files(content: list[list[list[Row]]]) -> None:
    rows = [row for batches in content for batch in batches for row in batch]
    history = History(plan(stage(judge="load", fault=None, load=USERS, thresholds=WRITTEN)), (), load=Rows.of(rows))
    with TemporaryDirectory() as folder:
        opened = open_rows(*written(Path(folder), content))
        assert (len(opened), list(opened)) == (len(rows), rows)
        assert judge(replace(history, load=opened)).to_json() == judge(history).to_json()


def percentiles(us: list[int]) -> list[float] | None:
    """avg, min, median and so on, of a list."""
    ms = np.array(us) / 1000
    return [ms.mean(), *np.percentile(ms, [0, 50, 90, 95, 99, 100])] if us else None


def corrected(due_us: list[int]) -> list[int]:
    cycle = max(1, int(np.median(due_us))) if due_us else 1
    made_up = [us - step * cycle for us in due_us if us > 2 * cycle for step in range(1, us // cycle)]
    return [*due_us, *made_up]


@few
@given(rows=st.lists(requests, min_size=1, max_size=60))
def test_the_figures_of_a_load_are_those_of_a_loop_over_its_rows(rows: list[Row]) -> None:
    known = load_figures(Rows.of(rows), USERS, REQUESTS, [], slow_s=1.0)
    assert known is not None
    done = [row for row in rows if row.outcome not in (Outcome.CUT, Outcome.DROPPED)]
    begun = [(row, row.start_us if row.sent_us == NEVER else row.sent_us) for row in done]
    dialled = [(row, row.end_us if row.connected_us == NEVER else row.connected_us) for row in done if row.start_us != NEVER]
    expected = {
        "service": [max(row.end_us - begin, 0) for row, begin in begun if begin != NEVER],
        "connecting": [0 if row.via == Via.KEPT else max(up - row.start_us, 0) for row, up in dialled],
        "due": [row.end_us for row in done],
        "corrected": corrected([row.end_us for row in done]),
    }
    for name, us in expected.items():
        found = getattr(known, name)
        told = (
            None
            if found is None
            else [getattr(found, f"{each}_ms") for each in ("avg", "min", "med", "p90", "p95", "p99", "max")]
        )
        assert told == percentiles(us), name
    assert known.requests == len(done)
    assert known.failed == sum(row.outcome != Outcome.OK for row in done)
    assert (known.dropped, known.cut) == tuple(
        sum(row.outcome == each for row in rows) for each in (Outcome.DROPPED, Outcome.CUT)
    )
    assert round(known.begin_s * 1e9) == min(row.due_ns for row in rows)
    assert round(known.end_s * 1e9) == max(row.due_ns + row.end_us * 1000 for row in rows)
    by_request = Counter([*REQUESTS, "other"][row.request] for row in done)
    assert {name: each.requests for name, each in known.by_request.items()} == by_request
