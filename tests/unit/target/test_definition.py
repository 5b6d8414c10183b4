"""The lab's definition of this service, held against the service: neither imports the other, so only a test can."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

import lab.drill
from lab import catalogue
from lab.catalogue import read_drill
from lab.drill.model import Target
from target.openapi import DOCUMENT
from target.settings import Settings, read_settings

GIVEN_BY_THE_LAB = {"host", "port", "health_port", "listen_fd", "database_url"}
FILE = Path(lab.drill.__file__).parent / "targets" / "coupon-order.yaml"


@pytest.fixture
def definition():
    return TypeAdapter(Target).validate_python(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def test_the_definition_names_every_setting_with_its_default(definition):
    assert definition.settings == {name: value for name, value in asdict(Settings()).items() if name not in GIVEN_BY_THE_LAB}


def test_the_settings_are_read_back_as_they_are_handed_over(definition):
    assert read_settings({definition.env + name.upper(): str(value) for name, value in definition.settings.items()}) == Settings()


def test_each_setting_has_one_line_of_help_with_tomcats_name(definition):
    assert definition.help.keys() == definition.settings.keys()
    assert all(re.fullmatch(r"[^\n]+ \[.+\]", line) for line in definition.help.values())


def drills_that_do_not_set(definition):
    """``setting: drill`` of what a file says shows a setting, and whose drill is none or leaves the setting alone."""
    names = [(setting, drill) for setting, drills in definition.shown_by.items() for drill in drills]
    drills = {name: read_drill(name) for name in {drill for _, drill in names} & catalogue.drills().keys()}
    return [f"{setting}: {drill}" for setting, drill in names if drill not in drills or setting not in set_by(drills[drill])]


def set_by(drill):
    return {name for stage in drill.stages for name in {**stage.target, **stage.measure_settings}}


def test_the_drills_that_show_a_setting_exist_and_set_it(definition):
    assert definition.shown_by.keys() <= definition.settings.keys()
    assert not drills_that_do_not_set(definition)


def test_a_drill_that_is_none_or_leaves_the_setting_alone_would_be_seen(definition):
    wrong = replace(definition, shown_by={"backlog": ("conn-rest", "crash", "conn-reset")})
    assert drills_that_do_not_set(wrong) == ["backlog: conn-rest", "backlog: crash"]


def test_each_request_is_one_of_the_documents(definition):
    documented = {re.sub(r"{\w+}", "spring", path): methods["post"] for path, methods in DOCUMENT["paths"].items()}
    for request in definition.requests.values():
        assert set(map(str, request.expect)) <= documented[request.post]["responses"].keys()
