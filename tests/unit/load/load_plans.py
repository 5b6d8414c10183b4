"""One-line plans for the tests of this room."""

from __future__ import annotations

from typing import Any

from lab.drill.model import Load, Request
from lab.load.plan import ShardPlan

ORDER = Request(post="/orders", json={"item": 1, "key": "{key}"}, expect=(200, 400))
COUPON = Request(post="/coupons/1/issue", json={"user": "{vu}-{iteration}"}, headers={"X-Key": "{uuid}"}, expect=(200, 400))


def shard_plan(load: Load, **changes: Any) -> ShardPlan:
    values: dict[str, Any] = {
        "shard": 0,
        "shards": 1,
        "start_ns": 0,
        "t0_ns": 0,
        "host": "127.0.0.1",
        "port": 80,
        "load": load,
        "requests": ((4, "order", ORDER), (7, "coupon", COUPON)),
        "scenario": 2,
        "seed": 7,
        "run": "run-1",
        "first_key": 1000,
        "rows": "requests-load-0.arrows",
        "headers": {"X-Lab-Run": "run-1"},
    }
    return ShardPlan(**{**values, **changes})


def constant(vus: int, **changes: Any) -> Load:
    return Load(**{"executor": "constant-vus", "vus": vus, "request": {"order": 1}, **changes})


def shared(vus: int, iterations: int, **changes: Any) -> Load:
    return Load(executor="shared-iterations", vus=vus, iterations=iterations, **{"request": {"order": 1}, **changes})
