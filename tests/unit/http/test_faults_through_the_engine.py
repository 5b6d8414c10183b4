"""Users of a load among all the faults at once: none crashes the engine, and none is counted twice or not at all."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from fault_server import FaultServer, RunStory
from http_user import CLOCK, OUTCOMES, UNANSWERED

from lab.drill.model import Load, Request
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Row, Via
from lab.http.client import HttpDialer
from lab.load.engine import Engine
from lab.load.plan import ShardPlan

ALL = {**OUTCOMES, **UNANSWERED}


async def rows_of(server: FaultServer, paths: list[str], load: dict[str, Any]) -> list[Row]:
    requests = tuple((index, path, Request(get=path, expect=(200, 204, 400))) for index, path in enumerate(paths))
    plan = ShardPlan(
        shard=0, shards=1, start_ns=CLOCK.now_ns(), t0_ns=0, host="127.0.0.1", port=server.port,
        load=Load(executor="shared-iterations", request=dict.fromkeys(paths, 1), pause_after_error=0.0, **load),
        requests=requests, scenario=0, seed=1, run="run-1", first_key=0, rows="", headers={},
    )  # fmt: skip
    rows = RowBuffer(0)
    engine = Engine(plan, HttpDialer("127.0.0.1", server.port, CLOCK), CLOCK, rows)
    await engine.run()
    return list(rows.take())


@pytest.mark.parametrize("connections", ["kept", "fresh"])
@pytest.mark.parametrize("load", [{"vus": 10, "iterations": 300}, {"vus": 12, "iterations": 12, "timeout": 0.15}])
def test_each_request_is_one_row_with_the_outcome_of_its_fault(
    run_story: RunStory, load: dict[str, Any], connections: str
) -> None:
    paths = list(UNANSWERED if "timeout" in load else OUTCOMES)

    async def story(server: FaultServer) -> None:
        rows = await rows_of(server, paths, {**load, "connections": connections})
        assert len(rows) == len({row.key for row in rows}) == load["iterations"]
        assert Counter(paths[row.request] for row in rows) == server.seen
        met = {(paths[row.request], row.outcome, row.status) for row in rows}
        assert met == {(path, *ALL[path][:2]) for path in server.seen}
        assert server.connections == sum(row.via != Via.KEPT for row in rows)

    run_story(story)
