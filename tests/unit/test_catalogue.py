"""Looking things up: the working directory first, then the package; a broken plug-in is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import catalogue
from lab.catalogue import CatalogueError
from lab.drill.model import Alarms, DiedAlarm, ErrorsAlarm
from lab.drill.problems import DrillErrors

FAULT = '''
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
from lab.drill.units import Seconds


@dataclass(frozen=True, kw_only=True)
class Mine:
    """A fault of somebody's own."""

    pause: Seconds = 1.0
    name: ClassVar[str] = "mine"
    help: ClassVar[str] = "does what I need"
    needs: ClassVar[frozenset[str]] = frozenset()
    symptom = leaves = property(lambda self: None)

    def evidence(self, place): ...
    def inject(self, place): ...
'''


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_built_in_drills_are_read_without_a_problem(tmp_path: Path) -> None:
    assert {"conn-reset", "crash"} <= set(catalogue.drills(tmp_path))
    for name in catalogue.drills(tmp_path):
        assert catalogue.read_drill(name, here=tmp_path).drill == name


def test_the_crash_drill_has_both_alarms_and_a_restart_on_death(tmp_path: Path) -> None:
    (stage,) = catalogue.read_drill("crash", here=tmp_path).stages
    assert stage.alarm == Alarms(errors=ErrorsAlarm(above=0.2, over=0.5, for_=0.25), died=DiedAlarm())
    assert [(rule.when, rule.do) for rule in stage.respond] == [("died", "restart")]
    assert stage.until_recovered


def test_a_problem_in_a_built_in_file_says_that_it_is_built_in(tmp_path: Path) -> None:
    source = catalogue.find_drill("conn-reset", tmp_path)
    assert source.label == "conn-reset.yaml (built in)"
    with pytest.raises(DrillErrors, match=r"--set wire-resets\.lasts: "):
        catalogue.read_drill("conn-reset", ["wire-resets.lasts=3"], tmp_path)


def test_the_working_directory_comes_first(tmp_path: Path) -> None:
    put(tmp_path / "drills" / "crash.yaml", "drill: crash\nabout: mine\ntarget: {use: coupon-order}\nstages: [{stage: a}]\n")
    assert catalogue.read_drill("crash", here=tmp_path).about == "mine"
    assert catalogue.find_drill("crash", tmp_path).label == "drills/crash.yaml"


def test_a_drill_is_found_by_its_path(tmp_path: Path) -> None:
    put(tmp_path / "some" / "x.yaml", "drill: x")
    for name in ("some/x.yaml", "./some/x.yaml", str(tmp_path / "some" / "x.yaml")):
        assert catalogue.find_drill(name, tmp_path).text == "drill: x"
    with pytest.raises(FileNotFoundError):
        catalogue.find_drill("y.yaml", tmp_path)


def test_a_drill_that_is_no_text_is_named(tmp_path: Path) -> None:
    put(tmp_path / "drills" / "x.yaml", "").write_bytes(b"drill: \xff\n")
    with pytest.raises(CatalogueError, match=r"x\.yaml: not text in UTF-8 \(byte 7\)"):
        catalogue.find_drill("drills/x.yaml", tmp_path)


def test_an_unknown_drill_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no drill is called 'con-reset': expected one of") as raised:
        catalogue.find_drill("con-reset", tmp_path)
    assert raised.value.hint == "did you mean 'conn-reset'?"


def test_targets_of_the_working_directory_come_first(tmp_path: Path) -> None:
    put(tmp_path / "targets" / "shop.yaml", "command: java -jar shop.jar\n")
    put(tmp_path / "targets" / "coupon-order.yaml", "command: mine\n")
    targets = catalogue.targets(tmp_path)
    assert (targets["shop"].command, targets["coupon-order"].command) == ("java -jar shop.jar", "mine")


def test_a_wrong_target_file_is_named(tmp_path: Path) -> None:
    put(tmp_path / "targets" / "shop.yaml", "command: x\nboot: 3\n")
    with pytest.raises(DrillErrors, match=r"targets/shop\.yaml:2: boot"):
        catalogue.targets(tmp_path)


def test_the_built_in_faults_are_found(tmp_path: Path) -> None:
    faults = catalogue.faults(tmp_path)
    assert {"noop", "reset_peer", "backlog", "crash"} <= set(faults)
    assert all(kind.__module__.startswith("faults.") for kind in faults.values())


def test_a_fault_of_the_working_directory_is_found_and_wins(tmp_path: Path) -> None:
    put(tmp_path / "faults" / "mine.py", FAULT)
    put(tmp_path / "faults" / "other.py", FAULT.replace('"mine"', '"crash"'))
    put(tmp_path / "faults" / "_notes.py", "raise RuntimeError")
    faults = catalogue.faults(tmp_path)
    assert (faults["mine"].__name__, faults["crash"].__name__) == ("Mine", "Mine")
    put(tmp_path / "d.yaml", "drill: d\ntarget: {use: coupon-order}\nstages: [{stage: a, fault: {mine: {pause: 2s}}}]\n")
    fault = catalogue.read_drill("d.yaml", here=tmp_path).stages[0].fault
    assert fault is not None
    assert fault.parameters == {"pause": "2s"}


def test_the_checkouts_own_faults_are_not_loaded_twice() -> None:
    checkout = Path(__file__).parents[2]
    assert all(kind.__module__.startswith("faults.") for kind in catalogue.faults(checkout).values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_module", "it cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def (", "it cannot be imported: SyntaxError"),
        (
            "class Half:\n    name = 'half'\n    def inject(self, place): ...\n",
            "Half is no fault: it has no help, needs, symptom",
        ),
        (FAULT.replace("@dataclass(frozen=True, kw_only=True)", ""), "Mine is no fault: it has no @dataclass"),
    ],
)
def test_a_broken_plug_in_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = put(tmp_path / "faults" / "broken.py", text)
    with pytest.raises(CatalogueError) as raised:
        catalogue.faults(tmp_path)
    assert str(raised.value).startswith(f"plug-in {path}: {told}")


def plug_in(folder: Path, name: str, text: str) -> None:
    """An installed distribution with one module that it offers as faults."""
    put(folder / f"{name}.py", text)
    put(folder / f"{name}-1.dist-info" / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    put(folder / f"{name}-1.dist-info" / "entry_points.txt", f"[lab.faults]\nextra = {name}\n")


def test_an_installed_plug_in_adds_its_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(tmp_path, "plugged_in", FAULT)
    monkeypatch.syspath_prepend(tmp_path)
    assert catalogue.faults(tmp_path / "nowhere")["mine"].__module__ == "plugged_in"


def test_an_installed_plug_in_that_cannot_be_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(tmp_path, "plugged_broken", "1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CatalogueError, match=r"plug-in plugged_broken \(extra\): .* ZeroDivisionError"):
        catalogue.faults(tmp_path / "nowhere")


def test_an_installed_plug_in_may_not_take_the_name_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(tmp_path, "plugged_twice", FAULT.replace('"mine"', '"crash"'))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CatalogueError, match=r"fault 'crash' of .* is also in"):
        catalogue.faults(tmp_path / "nowhere")
