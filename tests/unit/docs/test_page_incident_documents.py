"""docs/incident-documents.md has every key, word and rule that the code has, and no other."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from pages import DOCS, code, codes, section, table, text_of

from lab.drill.typed import field_of, keys
from lab.prove import lint
from lab.prove.claims import Arm, Claim
from lab.prove.front import Head
from lab.prove.words import WORDS

PAGE = "incident-documents.md"


def documented(heading: str) -> dict[str, list[str]]:
    return {code(key): rest for key, *rest in table(PAGE, heading, "key")}


def test_front_matter_has_these_keys() -> None:
    assert set(documented("Front matter")) == {*keys(Head), "claims"}


@pytest.mark.parametrize("noun", [Claim, Arm])
def test_every_key_of_a_claim_with_its_default(noun: type) -> None:
    rows = documented(noun.__name__)
    assert set(rows) == set(keys(noun))
    for key, (_, default, _) in rows.items():
        assert said(default) == default_of(noun, key), key


def said(cell: str) -> Any:
    value = {"required": MISSING, "–": None}.get(cell, "")
    return yaml.safe_load(code(cell)) if value == "" else value


def default_of(noun: type, key: str) -> Any:
    """As a file has it: nothing for empty text, ``{}`` for an arm that changes nothing."""
    field = next(each for each in fields(noun) if each.name == field_of(key))
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    if isinstance(value, Arm):
        return {} if value == Arm() else value
    return list(value) if isinstance(value, tuple) else None if value == "" else value


def test_words_that_a_key_takes() -> None:
    rows = documented("Claim")
    choices = {key: get_args(kind) for key, kind in keys(Claim).items() if get_origin(kind) is Literal}
    assert {key: tuple(codes(rows[key][0])) for key in choices} == choices


@pytest.mark.parametrize(("first", "of"), [("section", "headings"), ("mark", "marks")])
def test_words_of_each_language(first: str, of: str) -> None:
    rows = [(code(name), en, ko) for name, en, ko, *_ in table(PAGE, "Text", first)]
    assert rows == [(name, word, getattr(WORDS["ko"], of)[name]) for name, word in getattr(WORDS["en"], of).items()]


def test_labels_and_needed_marks() -> None:
    text = section(PAGE, "Text")
    assert all(label in text for words in WORDS.values() for label in (words.detected, words.ended))
    assert {code(mark) for mark, *_, what in table(PAGE, "Text", "mark") if "needed" in what} == set(lint.NEEDED)


def test_every_rule_of_the_lint() -> None:
    assert [code(rule) for rule, _ in table(PAGE, "Lint", "rule")] == [*lint.RULES, lint.EXPIRED]


def test_its_command_is_about_a_document_that_is_there() -> None:
    path = next(line.split()[2] for line in text_of(PAGE).splitlines() if line.startswith("    lab prove "))
    assert (DOCS.parent / Path(path)).is_file()
