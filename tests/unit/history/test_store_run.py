"""A run directory: made, found again, read as one history."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from lab.drill.model import (
    Alarms,
    Budgets,
    DiedAlarm,
    Drill,
    ErrorsAlarm,
    FaultCall,
    Load,
    Measure,
    Probe,
    Request,
    Respond,
    RunPlan,
    Stage,
    Target,
)
from lab.drill.units import UNTIL_RECOVERED, Limit
from lab.history import store
from lab.history.model.events import NoteEvent, RunEvent
from lab.history.model.ledger import Ledger, Stored
from lab.history.model.rows import Row, Rows
from tests.unit.history.full_disk import room_for

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def plan_of(*stages: Stage) -> RunPlan:
    target = Target(
        use="coupon-order",
        settings={"slots": 8, "defer_accept": True, "ratio": 1.0, "mode": "wait"},
        requests={"order": Request(post="/orders", json={"item": 1, "gift": None}, expect=(200, 400))},
    )
    drill = Drill(drill="conn-reset", target=target, checks=("no_oversell",), stages=stages)
    return RunPlan(drill=drill, runtime="fake", seed=7, t0_ns=5, epoch_ns=6, planned={"a": 900}, lab="0.1", without=("x",))


seconds = st.floats(min_value=0, max_value=1e6)
shares = st.floats(min_value=0, max_value=1)
stages = st.builds(
    Stage,
    stage=st.just("a"),
    lasts=seconds | st.just(UNTIL_RECOVERED),
    rest=seconds,
    load=st.none()
    | st.builds(Load, executor=st.just("constant-vus"), request=st.just({"order": 1}), jitter=shares, timeout=seconds),
    probe=st.builds(Probe, rate=st.floats(min_value=1e-3, max_value=1e6), connect=seconds),
    fault=st.none() | st.just(FaultCall("backlog", {"size": 16, "where": "live+config"})),
    measures=st.just({})
    | st.just({"m": Measure(respond=(Respond(when="died", do="restart", limit=Limit(3, 0.1)),), target={"b": True})}),
    alarm=st.none() | st.just(Alarms(errors=ErrorsAlarm(above=0.2, over=0.5, for_=0.25), died=DiedAlarm())),
    within=st.builds(Budgets, detect=st.none() | seconds),
)


@settings(deadline=None)  # the first example pays for importing pydantic
@given(stages)
def test_a_plan_survives_its_file_exactly(stage: Stage) -> None:
    plan = plan_of(stage)
    assert store.load(store.dump(plan)) == plan
    assert store.dump(store.load(store.dump(plan))) == store.dump(plan)


def test_a_plan_with_an_unknown_key_is_an_error() -> None:
    text = store.dump(plan_of(Stage(stage="a"))).replace('"seed"', '"sed"')
    with pytest.raises(ValueError, match="sed"):
        store.load(text)


def test_a_ledger_survives_its_file(tmp_path: Path) -> None:
    ledger = Ledger((Stored("order", 2**32 - 1), Stored("coupon", 0)), {"coupon": 300}, False, "no answer: 시간 초과")
    store.write_ledger(tmp_path, ledger)
    assert store.read_ledger(tmp_path) == ledger
    store.write_ledger(tmp_path, Ledger())
    assert store.read_ledger(tmp_path) == Ledger()


def test_a_run_without_a_ledger_has_none(tmp_path: Path) -> None:
    assert store.read_ledger(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"no arrow", b"\xff\xff\xff\xff\x10\x00\x00\x00"])
def test_a_damaged_ledger_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.arrows").write_bytes(content)
    with pytest.raises(ValueError, match=r"ledger\.arrows"):
        store.read_ledger(tmp_path)


def rows_into(path: Path, *rows: Row) -> None:
    writer = store.RowWriter(path)
    for row in rows:
        writer.append(row)
    writer.close()


def test_a_history_merges_its_writers_by_time_then_writer_then_order(tmp_path: Path) -> None:
    run = store.create_run_dir(tmp_path, "conn-reset", NOW)
    store.write_plan(run, plan_of(Stage(stage="a")))
    for writer, texts in (("run", [(1, "r1"), (3, "r3"), (3, "r3 again")]), ("control", [(2, "c2"), (3, "c3")])):
        events = store.EventWriter(store.events_path(run, writer), writer)
        for t_ns, text in texts:
            events.write(NoteEvent(t_ns=t_ns, text=text))
        events.close()
    rows_into(store.probe_rows_path(run), Row(due_ns=1))
    rows_into(store.load_rows_path(run, 0), Row(due_ns=2))
    rows_into(store.load_rows_path(run, 1), Row(due_ns=3), Row(due_ns=4))
    store.write_ledger(run, Ledger((Stored("order", 1),)))

    history = store.read_history(run)
    assert [event.text for event in history.of(NoteEvent)] == ["r1", "c2", "c3", "r3", "r3 again"]
    assert (history.probe.due_ns.tolist(), history.load.due_ns.tolist()) == ([1], [2, 3, 4])
    assert history.plan == plan_of(Stage(stage="a"))
    assert history.ledger == Ledger((Stored("order", 1),))


def test_rows_of_a_stage_are_read_also_when_the_one_before_had_no_users(tmp_path: Path) -> None:
    store.write_plan(tmp_path, plan_of(Stage(stage="a"), Stage(stage="b")))
    rows_into(store.load_rows_path(tmp_path, 10), Row(due_ns=3))
    rows_into(store.load_rows_path(tmp_path, 2), Row(due_ns=2))
    assert list(store.read_history(tmp_path).load.due_ns) == [2, 3]


def test_a_run_that_broke_off_is_read_as_far_as_it_went(tmp_path: Path) -> None:
    store.write_plan(tmp_path, plan_of(Stage(stage="a")))
    events = store.EventWriter(store.events_path(tmp_path, "run"), "run")
    events.write(RunEvent(t_ns=0, phase="begin"))
    events.close()
    history = store.read_history(tmp_path)
    assert (len(history.events), len(history.probe), len(history.load), history.ledger) == (1, 0, 0, None)


def test_a_directory_without_a_plan_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"drill\.json"):
        store.read_history(tmp_path)


def test_the_parquet_file_holds_every_row_with_its_writer(tmp_path: Path) -> None:
    rows_into(store.probe_rows_path(tmp_path), Row(due_ns=1))
    rows_into(store.load_rows_path(tmp_path, 0), Row(due_ns=2), Row(due_ns=3))
    table = parquet.read_table(store.export_parquet(tmp_path))
    assert table.select(["due_ns", "writer"]).to_pylist() == [
        {"due_ns": 1, "writer": "probe"},
        {"due_ns": 2, "writer": "load-0"},
        {"due_ns": 3, "writer": "load-0"},
    ]


def test_row_groups_of_the_parquet_file_are_of_many_batches_and_not_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.history.store.reading.GROUP", 4)
    writer = store.RowWriter(store.load_rows_path(tmp_path, 0))
    for due_ns in range(5):
        writer.append_all(Rows.of([Row(due_ns=due_ns), Row(due_ns=due_ns)]))
        writer.flush()
    writer.close()
    file = parquet.ParquetFile(store.export_parquet(tmp_path))
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [4, 4, 2]


def test_a_parquet_file_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    rows_into(store.load_rows_path(tmp_path, 0), Row(due_ns=1))
    with room_for(100), pytest.raises(OSError, match="File too large"):
        store.export_parquet(tmp_path)
    assert not list(tmp_path.glob("*.parquet"))


def test_the_parquet_file_of_a_run_without_rows_is_empty(tmp_path: Path) -> None:
    assert parquet.read_table(store.export_parquet(tmp_path)).num_rows == 0


def test_a_verdict_is_written_byte_for_byte(tmp_path: Path) -> None:
    store.write_verdict(tmp_path, b'{"verdict":"pass"}\n')
    assert store.verdict_path(tmp_path).read_bytes() == b'{"verdict":"pass"}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["verdict.json"]


def test_a_run_directory_is_only_its_owners(tmp_path: Path) -> None:
    run = store.create_run_dir(tmp_path / "runs", "conn-reset", NOW)
    assert run.parent == tmp_path / "runs" / "conn-reset"
    assert run.name.startswith("20260504T030201Z-")
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert store.logs_path(run).is_dir()


def test_latest_is_the_newest_run(tmp_path: Path) -> None:
    runs = [store.create_run_dir(tmp_path, "conn-reset", NOW), store.create_run_dir(tmp_path, "crash", NOW)]
    assert store.find_run(tmp_path, "latest") == runs[1].resolve()
    assert (tmp_path / "latest").readlink() == Path("crash") / runs[1].name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conn-reset", "crash", "latest"]


def test_a_run_is_found_by_its_path_its_name_and_its_id(tmp_path: Path) -> None:
    run = store.create_run_dir(tmp_path, "crash", NOW)
    store.write_plan(run, plan_of(Stage(stage="a")))
    for name in (str(run), run.name, run.name.rpartition("-")[2]):
        assert store.find_run(tmp_path, name) == run.resolve()


def test_a_run_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(store.RunNotFound, match="no run yet"):
        store.find_run(tmp_path, "latest")
    run = store.create_run_dir(tmp_path, "crash", NOW)
    store.write_plan(run, plan_of(Stage(stage="a")))
    with pytest.raises(store.RunNotFound, match=run.name):
        store.find_run(tmp_path, "abc")


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    runs = []
    for day in (1, 2, 3):
        run = store.create_run_dir(tmp_path, f"drill-{4 - day}", NOW.replace(day=day))
        store.write_plan(run, plan_of(Stage(stage="a")))
        runs.append(run)
    assert store.list_runs(tmp_path) == runs[::-1]
