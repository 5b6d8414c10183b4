"""Every fault that is found keeps every promise; a new one is in this suite as soon as its file is there.

Their examples are those of docs/faults.md. Each promise is kept on the machine as it is, and in a sandbox; and a fault
that breaks one is caught.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_args

import fault_promises as promises
import pytest
from fault_promises import PROMISES
from typer.testing import CliRunner

from faults.backlog import Backlog
from faults.noop import Noop
from lab import catalogue
from lab.cli.main import app
from lab.doctor import available
from lab.drill.model import FaultCall
from lab.drill.typed import adapter
from lab.fault import Counters, Fault, Need, Place
from lab.process import Process
from lab.runtimes.sandbox.launch import command, environment, is_root
from lab.toxiproxy_binary import NotFound, find
from tests.required import lacks

ROOT = Path(__file__).parents[2]
FAULTS = sorted(catalogue.faults())
FILES = sorted(path for path in (ROOT / "faults").glob("*.py") if path.name != "__init__.py")


def needs(name: str) -> frozenset[Need]:
    found: frozenset[Need] = catalogue.faults()[name].needs  # type: ignore[attr-defined]  # the catalogue takes only classes with it
    return found


@pytest.fixture(scope="module")
def toxiproxy() -> Path | None:
    try:
        return find(None, print).path
    except NotFound:
        return None


@pytest.mark.slow
@pytest.mark.toxiproxy
@pytest.mark.parametrize(
    ("name", "promise"),
    [
        (name, promise)
        for name in FAULTS
        for promise in PROMISES
        if promises.is_promised(promise, needs(name)) and promises.is_tried_on_the_machine(promise, needs(name))
    ],
)
async def test_a_fault_keeps_its_promises_on_the_machine_as_it_is(
    name: str, promise: str, tmp_path: Path, toxiproxy: Path | None
) -> None:
    fault = promises.fault_of(name)
    if "proxy" in fault.needs and toxiproxy is None:
        lacks("Toxiproxy")
    async with promises.bench(tmp_path, toxiproxy if "proxy" in fault.needs else None, own_network=False) as at:
        await PROMISES[promise](fault, at)


@pytest.mark.slow
@pytest.mark.namespaces
@pytest.mark.toxiproxy
async def test_every_fault_keeps_its_promises_in_a_network_of_our_own(tmp_path: Path, toxiproxy: Path | None) -> None:
    if (why := available()) is not None:
        lacks(f"the sandbox ({why})")
    if toxiproxy is None:
        lacks("Toxiproxy")
    assert toxiproxy is not None
    room = command(
        tmp_path,
        [sys.executable, promises.__file__, str(tmp_path), str(toxiproxy)],
        as_root=is_root(),
        readable=[toxiproxy],
    )
    said = tmp_path / "said"
    process = Process.spawn(room, env=environment(os.environ), cwd=ROOT, stdout=said, stderr=said)
    assert (await process.exited(), said.read_text().strip()) == (0, "")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_documented(name: str) -> None:
    """A line of help, a manual that names every parameter, a section of the page that does too, a row in its table."""
    kind = catalogue.faults()[name]
    manual = inspect.getdoc(kind) or ""
    section = promises.sections().get(name, "")
    assert 0 < len(kind.help) <= 90  # type: ignore[attr-defined]  # the catalogue takes only classes that have it
    assert len(manual) > 40
    assert "vidence" in manual
    for field in fields(kind):
        assert f"``{field.name}" in manual, f"the docstring of {kind.__name__} does not name {field.name}"
        assert f"- `{field.name}`:" in section or f"- `{field.name}: " in section, (
            f"docs/faults.md does not tell {name}'s {field.name}"
        )
    assert f"| [{name}](#{name}) |" in promises.PAGE.read_text()


def test_the_page_tells_of_no_fault_that_is_not_there() -> None:
    named = {line.removeprefix("## ") for line in promises.PAGE.read_text().splitlines() if line.startswith("## ")}
    assert named - set(FAULTS) == {"One of your own"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_listed_and_shown(name: str) -> None:
    listed = CliRunner().invoke(app, ["list"]).stdout
    assert f"  {name} " in listed
    assert catalogue.faults()[name].help in listed  # type: ignore[attr-defined]
    assert (inspect.getdoc(catalogue.faults()[name]) or "?") in CliRunner().invoke(app, ["show", name]).stdout


@pytest.mark.parametrize("name", FAULTS)
def test_its_example_is_a_stage_that_can_be_read_and_survives_drill_json(name: str, tmp_path: Path) -> None:
    indented = "\n".join(f"    {line}" for line in promises._EXAMPLE.findall(promises.sections()[name])[0].splitlines())
    (tmp_path / "d.yaml").write_text(
        f"drill: d\ntarget: {{use: coupon-order}}\nalarm: {{died: {{}}}}\nstages:\n  - stage: a\n{indented}\n"
    )
    call = catalogue.read_drill("d.yaml", here=tmp_path).stages[0].fault
    assert call is not None
    stored = adapter(FaultCall).validate_json(adapter(FaultCall).dump_json(call))
    assert stored == call
    assert set(call.parameters) == {field.name for field in fields(catalogue.faults()[name])}


@pytest.mark.parametrize("name", FAULTS)
def test_its_needs_are_known_ones_and_what_it_leaves_are_settings(name: str) -> None:
    fault = promises.fault_of(name)
    assert fault.needs <= set(get_args(Need))
    assert all(isinstance(value, int | float | bool | str) for value in fault.leaves.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_fault_imports_lab_fault_and_nothing_else_of_the_house(path: Path) -> None:
    assert house(path.read_text()) <= {"lab.fault"}


def house(code: str) -> set[str]:
    """What it imports of lab, faults, target or tests."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{'.' * node.level}{node.module or ''}"}
    return {name for name in found if name.startswith(".") or name.split(".")[0] in ("lab", "faults", "target", "tests")}


def test_an_import_of_something_else_is_seen() -> None:
    code = "import os, lab.proxy\nfrom lab.fault import Place\ndef f():\n    from lab.run import control\nfrom . import crash\n"
    assert house(code) == {"lab.fault", "lab.proxy", "lab.run", "."}


def test_a_fault_dropped_into_the_working_directory_is_found_listed_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faults").mkdir()
    code = (ROOT / "faults" / "noop.py").read_text()
    (tmp_path / "faults" / "my.py").write_text(
        code.replace('"noop"', '"my_own"').replace("breaks nothing", "mine: breaks nothing")
    )
    monkeypatch.chdir(tmp_path)
    assert "mine: breaks nothing" in CliRunner().invoke(app, ["list"]).stdout
    (tmp_path / "d.yaml").write_text("drill: d\ntarget: {use: coupon-order}\nstages: [{stage: a, fault: my_own}]\n")
    call = catalogue.read_drill("d.yaml").stages[0].fault
    assert call == FaultCall("my_own")


# And each promise has a fault that breaks it.


@dataclass(frozen=True, kw_only=True)
class Careless(Backlog):
    """Heals on no exception, and not the second time."""

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        with place.target.listener() as listener:
            listener.listen(self.size)
        yield "done"
        if self.size != 5:
            with place.target.listener() as listener:
                listener.listen(64)


@dataclass(frozen=True, kw_only=True)
class Restless(Noop):
    """Counts the time."""

    def evidence(self, place: Place) -> Counters:
        return {"ns": time.monotonic_ns()}


@dataclass(frozen=True, kw_only=True)
class Pretender(Noop):
    """Needs a process, and does not look for one."""

    needs = frozenset({"pid"})  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class Hasty(Backlog):
    """Heals only what it was not cancelled in the middle of."""

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        with place.target.listener() as listener:
            listener.listen(self.size)
        await asyncio.sleep(0)
        try:
            yield "done"
        finally:
            with place.target.listener() as listener:
                listener.listen(64)


@dataclass(frozen=True, kw_only=True)
class Mute(Backlog):
    """Bites, and cannot prove it."""

    def evidence(self, place: Place) -> Counters:
        return {"listener drops": 0}


BROKEN: list[tuple[Fault, str]] = [
    (Careless(size=5), "heals_twice"),
    (Careless(size=6), "heals_on_cancel"),
    (Careless(size=6), "heals_when_the_process_is_gone"),
    (Careless(size=6), "heals_when_another_process_has_come"),
    (Restless(), "leaves_its_evidence_alone_when_it_did_nothing"),
    (Pretender(), "changes_something_while_it_stands"),
    (Hasty(size=6), "heals_on_cancel_while_it_injects"),
    (Mute(size=6), "its_evidence_moves_when_it_bites"),
    (Pretender(), "says_so_when_it_cannot_be_injected"),
]


def test_every_promise_has_a_fault_that_breaks_it() -> None:
    assert {promise for _, promise in BROKEN} == set(PROMISES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "promise"),
    BROKEN,
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
async def test_a_fault_that_breaks_a_promise_is_caught(fault: Fault, promise: str, tmp_path: Path) -> None:
    async with promises.bench(tmp_path, None, own_network=False) as at:
        with pytest.raises((AssertionError, ProcessLookupError)):
            await PROMISES[promise](fault, at)
