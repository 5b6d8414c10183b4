"""What the watcher is told, beat by beat, and which events that makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.drill.model import Alarms, DiedAlarm, ErrorsAlarm, LatencyAlarm, QueueAlarm, Stage
from lab.history.model.events import AcceptEvent, AlarmEvent, Event, StallEvent
from lab.history.model.rows import Outcome, Row, Via
from lab.nanoseconds import NS_PER_MS
from lab.watch.watcher import Watcher

DIED = Alarms(died=DiedAlarm())
ERRORS = Alarms(errors=ErrorsAlarm(above=0.2, over=1.0, for_=0.0))


@dataclass
class Scene:
    """A watcher whose clock is set by hand, in milliseconds."""

    alarm: Alarms | None
    now: int = 0
    events: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        stage = Stage(stage="only", alarm=self.alarm)
        self.watcher = Watcher(stage, self, self.events.append, self.rows.append, planned=1000)

    def now_ns(self) -> int:
        return self.now * NS_PER_MS

    def beat_until(self, to_ms: int) -> list[str]:
        """Beats every 10 ms; returns the names of the alarms that stand at the end."""
        standing: list[str] = []
        while self.now < to_ms:
            self.now += 10
            standing = [alarm.alarm for alarm in self.watcher.beat()]
        return standing

    def requests(self, from_ms: int, to_ms: int, outcome: Outcome) -> None:
        for due in range(from_ms, to_ms, 10):
            fresh = due % 20 == 0
            self.watcher.on_row(
                Row(
                    due_ns=due * NS_PER_MS, start_us=0, connected_us=100, sent_us=100, end_us=5_000, outcome=outcome,
                    via=Via.FRESH if fresh else Via.KEPT, scenario=0, request=0, key=due,
                )
            )  # fmt: skip

    @property
    def said(self) -> list[tuple[str, str, int]]:
        return [(e.phase, e.alarm, e.t_ns // NS_PER_MS) for e in self.events if isinstance(e, AlarmEvent)]


def test_a_death_is_an_alarm_at_the_next_beat_and_ends_when_the_target_is_back() -> None:
    scene = Scene(DIED)
    assert scene.beat_until(100) == []
    scene.watcher.target_died()
    assert scene.beat_until(200) == ["died"]
    scene.watcher.target_is_back()
    assert scene.beat_until(300) == []
    assert scene.said == [("begin", "died", 110), ("end", "died", 210)]


def test_without_a_rule_a_death_is_no_alarm() -> None:
    scene = Scene(None)
    scene.watcher.target_died()
    assert scene.beat_until(100) == []
    assert scene.events == []


def test_errors_raise_one_alarm_that_ends_with_them() -> None:
    scene = Scene(ERRORS)
    for second, outcome in enumerate([Outcome.OK, Outcome.RESET, Outcome.OK, Outcome.OK]):
        scene.requests(second * 1000, second * 1000 + 1000, outcome)
        scene.beat_until(second * 1000 + 1000)
    assert [(phase, alarm) for phase, alarm, _ in scene.said] == [("begin", "errors"), ("end", "errors")]


def test_a_reading_is_recorded_and_what_it_tells_is_an_alarm_at_the_next_beat() -> None:
    scene = Scene(Alarms(queue=QueueAlarm(above=0.5)))
    assert scene.beat_until(100) == []
    readings = [AcceptEvent(t_ns=scene.now_ns(), waiting=9, limit=10), AcceptEvent(t_ns=scene.now_ns(), waiting=1, limit=10)]
    scene.watcher.read(readings[0])
    assert scene.beat_until(150) == ["queue"]
    scene.watcher.read(readings[1])
    assert scene.beat_until(200) == []
    assert scene.said == [("begin", "queue", 110), ("end", "queue", 160)]
    assert [event for event in scene.events if isinstance(event, AcceptEvent)] == readings


def test_requests_that_take_long_are_an_alarm_though_all_are_good() -> None:
    scene = Scene(Alarms(latency=LatencyAlarm(above=0.004, over=0.5), errors=ErrorsAlarm(above=0.2, over=1.0)))
    scene.requests(0, 1000, Outcome.OK)  # 5 ms each
    assert scene.beat_until(1000) == ["latency"]


def test_good_requests_raise_nothing_and_every_row_is_kept() -> None:
    scene = Scene(ERRORS)
    scene.requests(0, 1000, Outcome.OK)
    assert scene.beat_until(1000) == []
    assert scene.events == []
    assert len(scene.rows) == 100


def test_a_beat_that_comes_late_is_a_stall_from_the_last_one_on() -> None:
    scene = Scene(None)
    scene.beat_until(100)
    scene.now = 400
    scene.watcher.beat()
    assert scene.events == [StallEvent(t_ns=100 * NS_PER_MS, lasted_ns=300 * NS_PER_MS)]


def test_a_beat_that_is_a_little_late_is_none() -> None:
    scene = Scene(None)
    scene.beat_until(100)
    scene.now = 130
    scene.watcher.beat()
    assert scene.events == []
