"""The bytes of a verdict."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lab.judge.judge import judge
from lab.judge.verdict import EXIT
from tests.histories import crash


def test_same_history_same_bytes() -> None:
    assert judge(crash()).to_json() == judge(crash()).to_json()


def test_keys_are_sorted_and_floats_have_six_decimals() -> None:
    text = replace(judge(crash()), definitions=1).to_json()
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    numbers = json.loads(text, parse_float=lambda digits: pytest.fail(digits) if len(digits.split(".")[1]) > 6 else 0.0)
    assert numbers


def test_it_has_the_promised_fields() -> None:
    verdict = json.loads(judge(crash()).to_json())
    assert {"schema", "definitions", "drill", "verdict", "exit", "stages", "invariants", "reasons", "thresholds"} == set(verdict)
    (stage,) = verdict["stages"]
    known = "stage verdict reasons evidence budgets users episodes load thresholds trends alarms acts"
    assert set(known.split()) == set(stage)
    promised = "injected_s visible_s detected_s healed_s acted_s recovered_s bracket_s detect_s recover_s detect_to_recover_s"
    assert {*promised.split(), "bad_seconds", "spans", "classes"} <= set(stage["episodes"][0])


def test_every_ruling_has_its_exit_code() -> None:
    assert {ruling.value: code for ruling, code in EXIT.items()} == {"pass": 0, "fail": 1, "unknown": 3, "interrupted": 130}
