"""Many rows as a shard would have written them: a log-normal service with a tail, a batch each quarter of a second.

python benchmarks/scripts/make_rows.py FILE COUNT
"""

import sys
from pathlib import Path

import numpy as np

from lab.history.model.rows import DTYPES, Outcome, Rows, Via
from lab.history.store import RowWriter

BATCH = 7_500
"""A quarter of a second at 30,000/s."""
USERS = 300


def batch(random: np.random.Generator, first: int, count: int) -> Rows:
    """Rows number ``first`` and on, one each 33 µs."""
    service_us = np.exp(random.normal(7.5, 0.5, count)) + (random.random(count) < 0.03) * random.exponential(20_000, count)
    start_us = random.integers(0, 200, count)
    failed = random.random(count) < 0.001
    columns = {
        "due_ns": (first + np.arange(count)) * 33_333,
        "start_us": start_us,
        "connected_us": start_us,
        "sent_us": start_us + 5,
        "first_byte_us": start_us + 5 + service_us,
        "end_us": start_us + 8 + service_us,
        "status": np.where(failed, 500, 200),
        "outcome": np.where(failed, Outcome.BAD_STATUS, Outcome.OK),
        "scenario": np.zeros(count),
        "request": random.integers(0, 2, count),
        "via": np.full(count, Via.KEPT),
        "vu": random.integers(0, USERS, count),
        "size_bytes": np.full(count, 11),
        "key": first + np.arange(count),
    }
    return Rows(**{name: columns[name].astype(dtype) for name, dtype in DTYPES.items()})


def main(path: Path, count: int) -> None:
    random = np.random.default_rng(7)
    writer = RowWriter(path)
    for first in range(0, count, BATCH):
        writer.append_all(batch(random, first, min(BATCH, count - first)))
        writer.flush()
    writer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
