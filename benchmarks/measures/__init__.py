"""One file per measure. ``ALL`` by the name that ``python -m benchmarks NAME`` takes."""

from collections.abc import Mapping

from benchmarks.measures import burst, many_rows, open_model, throughput
from benchmarks.measures.measure import Measure

ALL: Mapping[str, Measure] = {
    "throughput": throughput.measure,
    "burst": burst.measure,
    "open": open_model.measure,
    "rows": many_rows.measure,
}
