"""Reads a shard's rows and makes the figures of a load's report of them, as the judge does.

    python benchmarks/scripts/summarise.py FILE

The peak is this process's own (VmHWM): ``ru_maxrss`` of a child also holds that of the parent it was forked from.
"""

import json
import re
import sys
import time
from pathlib import Path

from lab.drill.model import Load
from lab.history.store import open_rows
from lab.judge.load import load_figures

LOAD = Load(executor="constant-vus", vus=300, duration=333.0, request={"coupon": 1, "order": 1})


def peak_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None, "proc(5) has it"
    return int(found[1]) * 1024 / 1e6


def main(path: Path) -> None:
    before_mb = peak_mb()
    begin_s = time.monotonic()
    rows = open_rows(path)
    read_s = time.monotonic() - begin_s
    read_mb = peak_mb()
    figures = load_figures(rows, LOAD, ["coupon", "order"], [], slow_s=1.0)
    assert figures is not None
    print(
        json.dumps(
            {
                "rows": figures.requests,
                "read_s": read_s,
                "summary_s": time.monotonic() - begin_s - read_s,
                "before_mb": before_mb,
                "read_mb": read_mb,
                "peak_mb": peak_mb(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
