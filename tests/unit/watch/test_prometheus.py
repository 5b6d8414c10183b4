"""Pages as Micrometer writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.watch.prometheus import READINGS, parse

SPRING = """\
# HELP jvm_memory_used_bytes The amount of used memory
# TYPE jvm_memory_used_bytes gauge
jvm_memory_used_bytes{area="heap",id="G1 Eden Space",} 2.5165824E7
jvm_memory_used_bytes{area="heap",id="G1 Old Gen",} 1.0E7
jvm_memory_used_bytes{area="heap",id="G1 Survivor Space",} 1000000.0
jvm_memory_used_bytes{area="nonheap",id="CodeHeap 'profiled nmethods'",} 4000000.0
jvm_memory_used_bytes{area="nonheap",id="Metaspace",} 3.0E7
# HELP jvm_memory_usage_after_gc The percentage of long-lived heap pool used after the last GC event, in the range [0..1]
# TYPE jvm_memory_usage_after_gc gauge
jvm_memory_usage_after_gc{area="heap",pool="long-lived",} 0.04
# HELP jvm_gc_pause_seconds Time spent in GC pause
# TYPE jvm_gc_pause_seconds summary
jvm_gc_pause_seconds_count{action="end of minor GC",cause="G1 Evacuation Pause",gc="G1 Young Generation",} 5.0
jvm_gc_pause_seconds_sum{action="end of minor GC",cause="G1 Evacuation Pause",gc="G1 Young Generation",} 0.05
jvm_gc_pause_seconds_count{action="end of minor GC",cause="Metadata GC Threshold",gc="G1 Young Generation",} 1.0
jvm_gc_pause_seconds_sum{action="end of minor GC",cause="Metadata GC Threshold",gc="G1 Young Generation",} 0.01
# HELP jvm_gc_pause_seconds_max Time spent in GC pause
# TYPE jvm_gc_pause_seconds_max gauge
jvm_gc_pause_seconds_max{action="end of minor GC",cause="G1 Evacuation Pause",gc="G1 Young Generation",} 0.012
# TYPE jvm_threads_live_threads gauge
jvm_threads_live_threads 23.0
# TYPE process_files_open_files gauge
process_files_open_files 41.0
# TYPE http_server_requests_seconds summary
http_server_requests_seconds_count{uri="/orders",status="200",} 300.0
"""


def test_a_page_of_spring_boot() -> None:
    assert parse(SPRING) == pytest.approx(
        {
            "jvm_heap_used_bytes": 36165824.0,
            "jvm_old_used_bytes": 1e7,
            "jvm_nonheap_used_bytes": 34e6,
            "jvm_after_gc_share": 0.04,
            "jvm_gc_count": 6.0,
            "jvm_gc_s": 0.06,
            "threads": 23.0,
            "fds": 41.0,
        }
    )


USED = 'jvm_memory_used_bytes{{area="heap",id="{}"}} {}\n'
PAGES = [
    (
        "the parallel collector's old generation",
        USED.format("PS Old Gen", 7),
        {"jvm_heap_used_bytes": 7, "jvm_old_used_bytes": 7},
    ),
    ("the serial one's", USED.format("Tenured Gen", 7), {"jvm_heap_used_bytes": 7, "jvm_old_used_bytes": 7}),
    ("the generations of ZGC", USED.format("ZGC Old Generation", 7), {"jvm_heap_used_bytes": 7, "jvm_old_used_bytes": 7}),
    ("none in a heap without generations", USED.format("ZHeap", 7), {"jvm_heap_used_bytes": 7}),
    (
        "a pool that is not a number takes its sum with it",
        USED.format("G1 Old Gen", "NaN") + "process_files_open_files 4\n",
        {"fds": 4},
    ),
    ("a stamp behind the value is not one", "process_files_open_files 4 1700000000000\n", {"fds": 4}),
    ("nothing of the JVM", "http_requests_total 3\n", {}),
]


@pytest.mark.parametrize(("page", "readings"), [case[1:] for case in PAGES], ids=[case[0] for case in PAGES])
def test_pages(page: str, readings: dict[str, float]) -> None:
    assert parse(page) == readings


NO_PAGES = [
    "",
    "\n",
    "<html>Whitelabel Error Page</html>\n",
    '{"status": "UP"}\n',
    "process_files_open_files\n",
    "# only a comment\n",
]


@pytest.mark.parametrize("page", NO_PAGES)
def test_not_a_page(page: str) -> None:
    with pytest.raises(ValueError, match="not a page of Prometheus metrics"):
        parse(page)


@given(st.text(alphabet='a{}="\\, \n#1TYPEHL.-+e', max_size=40))
def test_whatever_comes_it_is_readings_or_a_value_error(page: str) -> None:
    try:
        found = parse(page)
    except ValueError:
        return
    assert found.keys() <= READINGS.keys()
