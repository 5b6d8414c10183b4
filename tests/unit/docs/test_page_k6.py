"""docs/k6.md says what the code does."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from pages import code, codes, examples, section, table, text_of

from lab import catalogue
from lab.cli.exits import Exit
from lab.cli.main import app
from lab.drill import load_rules
from lab.drill.model import Executor, Load, Ramp, Stage
from lab.drill.reader import read
from lab.drill.typed import keys, parse
from lab.history.model.rows import NEVER, Outcome, Row, Rows
from lab.judge.load import load_figures
from lab.judge.thresholds import evaluate
from lab.load import executors
from lab.load.executors.schedule import Closed, Open
from lab.load.k6_plan import K6Plan
from lab.run import abort
from tests.histories import ns

PAGE = "k6.md"
WORDS: dict[str, str] = dict(table(PAGE, "Words", "k6"))  # type: ignore[arg-type]  # each row has two cells
DIFFERENT = table(PAGE, "Different on purpose", "k6")


def load(executor: Executor, **more: Any) -> Load:
    return Load(executor=executor, request={"order": 1}, **more)


@pytest.mark.parametrize("executor", sorted(set(get_args(Executor)) - {"k6"}))
def test_every_executor_has_a_row_with_every_key_it_reads(executor: str) -> None:
    (ours,) = (ours for theirs, ours in WORDS.items() if f"'{executor}'" in theirs and ours != "executor")
    said = {word.partition(":")[0] for word in codes(ours)}
    if ours.endswith("with the same"):
        said |= {"vus", "iterations", "max_duration"}
    assert said - {"executor", "30/m"} == load_rules.OWN[executor]  # type: ignore[index]


def test_every_key_of_a_load_is_on_the_page() -> None:
    words = set(re.findall(r"[a-z0-9_]+", " ".join(codes(text_of(PAGE)))))
    assert keys(Load).keys() <= words


def test_each_difference_has_its_reason() -> None:
    assert len(DIFFERENT) >= 12
    assert all(len(row) == 3 and all(row) for row in DIFFERENT)


@pytest.mark.parametrize("text", examples(PAGE), ids=[each.split()[1] for each in examples(PAGE)])
def test_an_example_is_a_drill(text: str, tmp_path: Path) -> None:
    faults, targets = catalogue.faults(tmp_path), catalogue.targets(tmp_path)
    drill = read(text, "example.yaml", faults=faults, targets=targets, is_file=lambda _path: True)
    assert all(stage.is_load_test for stage in drill.stages)


@pytest.mark.parametrize("page", ["k6.md", "drill-files.md"])
def test_flags_on_the_page_are_flags_of_the_command(page: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {name: {opt for each in commands[name].params for opt in each.opts} for name in ("load", "drill")}
    uses = re.findall(r"\blab (load|drill)\b([^`\n]*)", text_of(page))
    wrong = [(name, flag) for name, rest in uses for flag in re.findall(r"--[a-z-]+", rest) if flag not in known[name]]
    assert wrong == []
    assert len(uses) > 2


def test_exit_codes_are_those_of_the_command() -> None:
    ours = [int(re.findall(r"\d+", cell)[0]) for _, cell in table(PAGE, "Words", "exit code of k6")]
    assert ours == [Exit.PASS, Exit.FAIL, Exit.USAGE, Exit.INTERRUPTED, Exit.UNKNOWN]


def test_the_script_finds_what_the_plan_puts_there() -> None:
    plan = K6Plan(script="", k6="", start_ns=0, t0_ns=0, host="h", port=1, scenario=0, requests=(), run="", first_key=0, rows="")
    found = {code(where).removeprefix("__ENV.") for _, where in table(PAGE, "The real k6", "the script finds")}
    assert found == plan.environment.keys()


# What is said to be the same -----------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_code() -> None:
    said = re.search(r"\*\*Defaults\*\*: (.*?), `max_vus` as many", section(PAGE, "Exactly the same"))
    assert said is not None
    defaults = {field.name: field.default for field in fields(Load) if field.default is not MISSING}
    told = {name: parse(keys(Load)[name], int(value) if value.isdigit() else value) for name, value in _pairs(said[1])}
    assert told == {name: defaults[name] for name in told}
    assert len(told) == 5


def _pairs(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(\w+)` (\w+)", text)


def test_more_users_than_iterations_are_a_mistake() -> None:
    assert executors.validate(load("shared-iterations", vus=300, iterations=200))
    assert not executors.validate(load("shared-iterations", vus=300, iterations=300))


def test_arrivals_of_a_constant_rate_begin_at_0_and_those_of_a_ramp_do_not() -> None:
    constant = executors.plan(load("constant-arrival-rate", rate=10.0, duration=1.0), 0, 1)
    ramp = executors.plan(load("ramping-arrival-rate", start_rate=10.0, ramp=(Ramp(over=1.0, to=10.0),)), 0, 1)
    assert isinstance(constant, Open)
    assert isinstance(ramp, Open)
    assert list(constant.arrivals)[:2] == [0, ns(0.1)]
    assert list(ramp.arrivals)[:2] == [ns(0.1), ns(0.2)]


def test_a_last_ramp_from_0_to_0_takes_no_time() -> None:
    plan = executors.plan(load("ramping-vus", ramp=(Ramp(over=2.0, to=0.0), Ramp(over=60.0, to=0.0))), 0, 1)
    assert isinstance(plan, Closed)
    assert max(life.end_ns for lives in plan.lives.values() for life in lives) == ns(2.0)


def test_aborting_thresholds_are_looked_at_as_often_as_in_k6() -> None:
    assert f"every {abort.EVERY_S:g} s" in " ".join(section(PAGE, "Exactly the same").split())


# What is said to be different ----------------------------------------------------------------------------------------


def test_the_shortest_duration_is_above_0() -> None:
    assert not executors.validate(load("constant-vus", duration=0.1))
    assert executors.validate(load("constant-vus", duration=0.0))


def test_what_was_cut_is_counted_and_in_no_metric() -> None:
    rows = Rows.of([Row(due_ns=0, start_us=0, sent_us=0, end_us=10, status=200), Row(due_ns=1, outcome=Outcome.CUT)])
    found = load_figures(rows, load("constant-vus"), ["order"], (), slow_s=1.0)
    assert found is not None
    assert (found.requests, found.cut) == (1, 1)


def _value(selector: str, expression: str, rows: list[Row]) -> tuple[float | None, bool | None]:
    from lab.drill.thresholds import parse as threshold

    names = {"scenario_names": ["a"], "request_names": ["order"], "duration_s": 1.0}
    (found,) = evaluate(threshold(selector, [expression]), Rows.of(rows), **names)  # type: ignore[arg-type]
    return found.value, found.kept


def test_an_empty_threshold_has_no_value_and_a_counter_has_0() -> None:
    assert _value("http_req_duration", "p(95)<500", []) == (None, None)
    assert _value("dropped_iterations", "count<1", []) == (0.0, True)


def test_a_refused_request_lasted_and_one_that_never_connected_did_not_wait() -> None:
    refused = Row(due_ns=0, start_us=0, end_us=2000, outcome=Outcome.CONNECT_REFUSED, sent_us=NEVER)
    assert _value("http_req_duration", "max<500", [refused]) == (2.0, True)
    assert _value("http_req_waiting", "max<500", [refused]) == (None, None)


def test_with_shards_iterations_are_shared_within_each() -> None:
    plans = [executors.plan(load("shared-iterations", vus=2, iterations=10), shard, 2) for shard in range(2)]
    assert [plan.shared for plan in plans if isinstance(plan, Closed)] == [5, 5]


def test_the_figures_in_the_table_are_those_of_the_code() -> None:
    text = " ".join(section(PAGE, "Different on purpose").split())
    assert f"`pause_after_error`, {round(load('constant-vus').pause_after_error * 1000)}ms" in text
    assert f"{Stage(stage='a').probe.rate:g}/s unless" in text
    assert load("constant-vus").timeout == load("constant-vus").connect_timeout == 5.0
    assert "(5 s each)" in WORDS["`timeout` of a request (60 s)"]
