"""docs/drill-files.md has every key of a drill file, with the type and the default that the code gives it, and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from pages import DOCS, code, codes, examples, section, table, text_of

from lab import catalogue
from lab.drill import load_rules, threshold_problems, threshold_words, thresholds, units
from lab.drill.model import (
    Alarms,
    Budgets,
    ConnectionsAlarm,
    DiedAlarm,
    Drill,
    ErrorsAlarm,
    Executor,
    FaultCall,
    HealthAlarm,
    Kernel,
    LatencyAlarm,
    Load,
    Measure,
    OverflowsAlarm,
    Probe,
    QueueAlarm,
    Ramp,
    Request,
    Respond,
    Scalar,
    Stage,
    Step,
    Target,
    Thresholds,
)
from lab.drill.reader import read
from lab.drill.runbooks import Runbook
from lab.drill.typed import adapter, field_of, keys, parse

PAGE = "drill-files.md"
ALARMS = (ErrorsAlarm, QueueAlarm, ConnectionsAlarm, LatencyAlarm, OverflowsAlarm, HealthAlarm)
NOUNS = (Drill, Target, Request, Stage, Kernel, Load, Ramp, Probe, Alarms, *ALARMS, Measure, Respond, Step, Budgets)
KEYS = [(noun, key) for noun in NOUNS for key in keys(noun)]
IDS = [f"{noun.__name__}.{key}" for noun, key in KEYS]
UNITS = {
    units.parse_duration: "duration",
    units.parse_lasts: "duration or `until recovered`",
    units.parse_rate: "rate",
    units.parse_share: "share",
    units.parse_level: "level",
    units.parse_amount: "amount",
    units.parse_percentile: "percentile",
    units.parse_limit: "limit",
}
"""How the page calls a unit, by its parser."""
WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text", Scalar: "setting"}


def documented(noun: type) -> dict[str, list[str]]:
    """The rows of a noun's table, by key."""
    return {code(key): [kind, default, what] for key, kind, default, what in table(PAGE, noun.__name__, "key")}


def default_of(noun: type, key: str) -> Any:
    field = next(each for each in fields(noun) if each.name == field_of(key))
    return field.default_factory() if field.default_factory is not MISSING else field.default


def written(noun: type, key: str, cell: str) -> Any:
    """What a cell of the page says, as the reader would take it; MISSING for a key that is required."""
    if cell == "required":
        return MISSING
    return None if cell == "–" else parse(keys(noun)[key], yaml.safe_load(code(cell)))


def type_said(kind: Any) -> str:
    """A type in the page's words."""
    if kind == Thresholds:
        return "mapping, see [Thresholds](#thresholds)"
    if kind in WORDS:
        return WORDS[kind]
    args = [each for each in get_args(kind) if each is not NoneType]
    if parser := next((each.parse for each in args if isinstance(each, units.Unit)), None):
        return UNITS[parser]
    if get_origin(kind) is Literal:
        *most, last = (f"`{each}`" for each in args)
        return f"{', '.join(most)} or {last}" if most else last
    if get_origin(kind) is tuple:
        choices = get_args(args[0]) if get_origin(args[0]) is Literal else ()
        return "list of " + (", ".join(f"`{each}`" for each in choices) or type_said(args[0]))
    if get_origin(kind) is Mapping:
        return "mapping" if args[1] is Any else f"mapping: name to {type_said(args[1])}"
    if kind is FaultCall:
        return "[fault](#fault)"
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def without_none(kind: Any) -> Any:
    rest = [each for each in get_args(kind) if each is not NoneType]
    return rest[0] if NoneType in get_args(kind) and len(rest) == 1 else kind


def test_every_noun_is_here() -> None:
    """A noun that a key leads to and that this test does not know would have no table."""
    links = {link for link in re.findall(r"\]\(#(\w+)\)", text_of(PAGE)) if link in {each.lower() for each in _nouns()}}
    assert links >= {noun.__name__.lower() for noun in (*NOUNS, DiedAlarm)} - {"drill"}
    assert _nouns() == {noun.__name__ for noun in (*NOUNS, DiedAlarm, FaultCall)}


def _nouns() -> set[str]:
    """Whatever a Drill is made of."""
    found: set[Any] = set()
    todo: list[Any] = [Drill]
    while todo:
        kind = todo.pop()
        if hasattr(kind, "__dataclass_fields__") and kind is not units.Limit and kind not in found:
            found.add(kind)
            todo += keys(kind).values()
        todo += [each for each in get_args(kind) if not isinstance(each, units.Unit)]
    return {kind.__name__ for kind in found}


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_the_table_has_every_key_and_no_other(noun: type) -> None:
    assert sorted(documented(noun)) == sorted(keys(noun))


@pytest.mark.parametrize(("noun", "key"), KEYS, ids=IDS)
def test_the_default_is_that_of_the_code(noun: type, key: str) -> None:
    assert written(noun, key, documented(noun)[key][1]) == default_of(noun, key)


@pytest.mark.parametrize(("noun", "key"), KEYS, ids=IDS)
def test_the_type_is_that_of_the_code(noun: type, key: str) -> None:
    assert documented(noun)[key][0] == type_said(without_none(keys(noun)[key]))


def test_a_wrong_default_or_a_missing_key_would_be_seen() -> None:
    assert written(Load, "timeout", "`6s`") != default_of(Load, "timeout")
    assert written(Load, "iterations", "required") != default_of(Load, "iterations")
    assert keys(Load).keys() - (documented(Load).keys() - {"timeout"}) == {"timeout"}


def test_the_runbook_of_the_page_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", section(PAGE, "Step"), re.DOTALL)
    runbook = parse(Runbook, yaml.safe_load(text))
    assert [step.do for step in runbook.steps] == ["set", "restart"]


def test_a_died_alarm_has_no_keys() -> None:
    assert not keys(DiedAlarm)
    assert "`died: {}`" in section(PAGE, "DiedAlarm")


def test_what_each_executor_reads_is_what_the_rules_say() -> None:
    rows = {code(executor): (codes(own), codes(besides)) for executor, own, besides in table(PAGE, "Load", "executor")}
    said = re.search(r"^All read (.*), and all but `k6` also (.*)\.$", section(PAGE, "Load"), re.MULTILINE)
    assert said is not None
    of_all, of_ours = frozenset(codes(said[1])), frozenset(codes(said[2]))
    for executor in get_args(Executor):
        own, besides = rows.pop(executor)
        assert frozenset(own) == load_rules.OWN[executor]
        also = frozenset() if executor == "k6" else of_ours
        assert {*own, *besides, *of_all, *also} == load_rules.reads(executor)
    assert not rows


def test_units_are_read_as_shown() -> None:
    parsers = {name.partition(" ")[0]: parse for parse, name in UNITS.items() if parse is not units.parse_lasts}
    shown = {word: codes(looks) for word, looks, _ in table(PAGE, "Units", "word in the tables")}
    assert shown.keys() == {*parsers, "setting"}
    for word, parser in parsers.items():
        assert [parser(each) for each in shown[word]]
    assert [parse(Scalar, yaml.safe_load(each)) for each in shown["setting"]] == [8, 0.5, True, "wait"]


# Thresholds ----------------------------------------------------------------------------------------------------------


def test_metrics_aggregations_operators_and_tags_are_those_of_the_code() -> None:
    assert {code(metric): kind for metric, kind, _ in table(PAGE, "Thresholds", "metric")} == threshold_words.METRICS
    aggregations = {kind: tuple(codes(which)) for kind, which, _ in table(PAGE, "Thresholds", "kind")}
    assert aggregations == threshold_words.AGGREGATIONS
    operators = re.search(r"^Operators: (.*)\.$", section(PAGE, "Thresholds"), re.MULTILINE)
    assert operators is not None
    assert tuple(codes(operators[1])) == threshold_words.OPERATORS
    tags = {code(tag): what for tag, what in table(PAGE, "Thresholds", "tag")}
    assert set(tags) == _expected({"checks{bogus:1}": ["rate>0"]})
    assert tuple(codes(tags["outcome"])) == threshold_words.OUTCOMES


def test_the_long_form_of_a_threshold_has_these_keys_and_defaults() -> None:
    rows = {code(key): default for key, _, default, _ in table(PAGE, "Thresholds", "key")}
    assert set(rows) == _expected({"http_reqs": [{"threshold": "count>1", "bogus": 1}]})
    given = {key: yaml.safe_load(code(default)) for key, default in rows.items() if default != "required"}
    assert thresholds.parse("http_reqs", [{"threshold": "count>1", **given}]) == thresholds.parse("http_reqs", ["count>1"])
    (k6s,) = thresholds.parse("http_reqs", [{"threshold": "count>1", "abortOnFail": True, "delayAbortEval": "10s"}])
    assert (k6s.abort, k6s.delay_abort_s) == (True, 10.0)


def _expected(wrong: dict[str, Any]) -> set[str]:
    """What the reader would have taken in place of the one thing that is wrong."""
    (finding,) = threshold_problems.problems(wrong)
    return set(re.split(r", | or ", finding.expected.removeprefix("one of ")))


# Short forms and examples --------------------------------------------------------------------------------------------

HEAD = "drill: d\ntarget: {use: coupon-order}\n"


def drill_of(text: str, tmp_path: Path, *patches: str) -> Drill:
    """As ``lab`` would read it in an empty directory where every script is."""
    known = {"faults": catalogue.faults(tmp_path), "targets": catalogue.targets(tmp_path)}
    return read(text, "example.yaml", patches=patches, is_file=lambda _path: True, **known)


SHORT = [(code(short.partition(" (")[0]), code(long)) for short, long in table(PAGE, "Short forms", "written")]
SHORT += [(code(short), "fault: {crash: {}}") for short, _ in table(PAGE, "Fault", "written")[:2]]
WHERE = {"request": "load: {{executor: constant-vus, {}}}", "ramp": "load: {{executor: ramping-vus, request: order, {}}}"}


@pytest.mark.parametrize(("short", "long"), SHORT, ids=[short for short, _ in SHORT])
def test_a_short_form_is_its_long_form(short: str, long: str, tmp_path: Path) -> None:
    def stage(form: str) -> Stage:
        line = WHERE.get(form.partition(":")[0], "{}").format(form)
        judged = "judge: load\n    " if line.startswith("load:") else ""
        return drill_of(f"{HEAD}stages:\n  - stage: a\n    {judged}{line}\n", tmp_path).stages[0]

    assert stage(short) == stage(long)


EXAMPLES = examples(PAGE)


def test_there_is_an_example_of_each_kind(tmp_path: Path) -> None:
    drill, load, foreign = (drill_of(each, tmp_path) for each in EXAMPLES)
    assert all(stage.fault for stage in drill.stages)
    assert all(stage.is_load_test for stage in load.stages)
    assert foreign.target.use is None
    assert foreign.target.command is not None


@pytest.mark.parametrize("text", EXAMPLES, ids=[each.split()[1] for each in EXAMPLES])
def test_an_example_is_commented(text: str) -> None:
    assert text.count("  #") >= 5


def test_commands_on_the_page_patch_what_is_there(tmp_path: Path) -> None:
    text = section(PAGE, "--set and --without")
    found = re.findall(r"^    lab (?:drill|load) (\S+)(.*)$", text, re.MULTILINE)
    assert len(found) == 5
    for name, rest in found:
        patches = [quoted or plain for quoted, plain in re.findall(r"--set (?:'([^']*)'|(\S+))", rest)]
        drill = catalogue.read_drill(name, patches, tmp_path)
        measures = {measure for stage in drill.stages for measure in stage.measures}
        assert set(re.findall(r"--without (\S+)", rest)) <= measures


def test_links_to_other_pages_lead_somewhere() -> None:
    for page in ("drill-files.md", "k6.md"):
        for path, anchor in re.findall(r"\]\(([\w./-]*)#?([\w-]*)\)", text_of(page)):
            file = DOCS / path if path else DOCS / page
            assert file.exists(), path
            if anchor:
                headings = re.findall(r"^## (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}, anchor


def test_adapter_writes_a_default_as_the_page_does() -> None:
    """The page's words for a limit and for a whole noun are what the lab itself writes."""
    assert adapter(Respond).dump_python(Respond(when="died", do="restart"), mode="json")["limit"] == "3/60s"
    assert adapter(Probe).dump_python(Probe(), mode="json", exclude_defaults=True) == {}
