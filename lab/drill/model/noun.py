"""What all nouns of a drill have in common."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

Scalar = int | float | bool | str


class FileNoun:
    """Whatever is read from a file refuses keys that it does not know."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    other_words: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What another tool calls its keys, with ours: a hint beside what is merely spelt alike."""
