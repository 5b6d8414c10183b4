"""YAML as plain data that remembers the line of every key.

PyYAML's safe tags only. The node tree is walked here rather than by its constructor, which forgets the lines and lets
the second of two equal keys win in silence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from lab.drill.problems import Finding, Path, Problem

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"
_PLAIN = {_TAG + name for name in ("str", "int", "float", "bool", "null")}
_MOST_VALUES = 50_000
"""A drill of 200 stages has about 10,000; anchors within anchors make billions out of ten lines."""


@dataclass(frozen=True)
class Mark:
    """A line of a file, or (line 0) something that was typed instead."""

    file: str
    line: int


@dataclass(frozen=True)
class Document:
    """``data`` is what YAML says (mappings with text keys, lists, scalars); ``marks`` says where each path stands."""

    data: Any
    marks: Mapping[Path, Mark]

    def place(self, finding: Finding) -> Problem:
        """The problem at the line of the finding's path, or of the nearest thing around it that has one."""
        path = finding.path
        while path not in self.marks:
            path = path[:-1]
        mark = self.marks[path]
        return Problem(mark.file, mark.line, finding.what, finding.expected, finding.hint)


class _Broken(Exception):
    def __init__(self, line: int, what: str, expected: str) -> None:
        super().__init__(what)
        self.line, self.what, self.expected = line, what, expected


def compose(text: str, file: str) -> tuple[Document, list[Problem]]:
    """The document, and what is wrong with it as YAML. After a syntax error the document is empty (``data`` None)."""
    walk = _Walk(text, file)
    try:
        data = walk.whole()
    except yaml.YAMLError as error:
        return Document(None, {(): Mark(file, 1)}), [_syntax(error, text, file)]
    except _Broken as broken:
        return Document(None, {(): Mark(file, 1)}), [Problem(file, broken.line, broken.what, broken.expected)]
    return Document(data, {(): Mark(file, 1), **walk.marks}), walk.problems


def scalar_or_flow(text: str, label: str) -> tuple[Any, list[Problem]]:
    """The value that a person typed behind ``=``: YAML in one line."""
    document, problems = compose(text, label)
    return document.data, [Problem(label, 0, each.what, each.expected, each.hint) for each in problems]


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    context = getattr(error, "context", None)
    return Problem(file, line, f"not YAML: {what}" + (f" ({context})" if context else ""), "valid YAML, one document")


class _Walk:
    def __init__(self, text: str, file: str) -> None:
        self._text, self._file = text, file
        self.marks: dict[Path, Mark] = {}
        self.problems: list[Problem] = []
        self._inside: list[yaml.Node] = []
        self._values = 0

    def whole(self) -> Any:
        self._loader = yaml.SafeLoader(self._text)
        try:
            node = self._loader.get_single_node()
            return None if node is None else self._value(node, ())
        finally:
            self._loader.dispose()

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self._count(node)
        self.marks.setdefault(path, Mark(self._file, _line(node)))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if any(node is outer for outer in self._inside):
            raise _Broken(_line(node), "an anchor contains itself", "anchors of finished values only")
        self._inside.append(node)
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        finally:
            self._inside.pop()

    def _count(self, node: yaml.Node) -> None:
        self._values += 1
        if self._values > _MOST_VALUES:
            raise _Broken(_line(node), f"more than {_MOST_VALUES} values", "a drill of at most 200 stages")

    def _list(self, node: yaml.Node, path: Path) -> list[Any]:
        return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                values |= self._merged(value_node, path)
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self._key(key_node)
            if key in first:
                self._problem(key_node, f"key {key!r} stands twice", f"it once: the first is in line {first[key]}")
                continue
            first[key] = _line(key_node)
            self.marks[(*path, key)] = Mark(self._file, _line(key_node))
            values[key] = self._value(value_node, (*path, key))
        return values

    def _merged(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        """What ``<<`` brings in; of several mappings the first wins."""
        values: dict[str, Any] = {}
        for each in reversed(node.value if isinstance(node, yaml.SequenceNode) else [node]):
            if not isinstance(each, yaml.MappingNode):
                raise _Broken(_line(each), "<< brings in something that is no mapping", "an anchor of a mapping")
            values |= self._value(each, path)
        return values

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _Broken(_line(node), "a key is a list or a mapping", "a name")
        if node.tag != _TAG + "str":
            self._problem(
                node, f"key {node.value!r} is not text to YAML", "a name (in quotes: on, off, yes and no mean true and false)"
            )
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        if node.tag == _TAG + "timestamp":
            return node.value  # a date is text here, wherever it is allowed at all
        if node.tag not in _PLAIN:
            self._problem(node, f"tag {node.tag!r}", "plain values without tags")
            return node.value
        try:
            value = self._loader.construct_object(node)
        except (ValueError, yaml.YAMLError):
            self._problem(node, f"{node.value[:40]!r} is not a value of its tag", "a plain value")
            return node.value
        if isinstance(value, float) and not math.isfinite(value):
            self._problem(node, f"{node.value!r} is not finite", "a number")
            return node.value
        return value

    def _problem(self, node: yaml.Node, what: str, expected: str) -> None:
        self.problems.append(Problem(self._file, _line(node), what, expected))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
