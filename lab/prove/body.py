"""The text of an incident document: Markdown → sections, the timeline, the two clock times. Says what stands there, not
whether it is right: ``lint`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lab.prove.words import WORDS, Language, Mark, SectionName, Words

_CLOCK = re.compile(r"([0-9]{2}):([0-5][0-9]):([0-5][0-9])")
_NUMBER = re.compile(r"^[0-9]+[.)]\s*")
DAY_S = 86_400


@dataclass(frozen=True)
class Item:
    """An item of a list; ``names``: what it has in code spans, such as the ids of claims."""

    text: str
    line: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    name: SectionName
    heading: str
    line: int
    empty: bool
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Row:
    """Of the timeline. ``at_s`` from its zero; None where the cell is no time. ``mark``: None where the word is not known."""

    at_s: int | None
    mark: Mark | None
    marked: str
    text: str
    line: int


@dataclass(frozen=True)
class Clock:
    """A stated time of day, in seconds since midnight; None where it is no time."""

    at_s: int | None
    line: int


@dataclass(frozen=True)
class Body:
    title: str
    language: Language
    sections: tuple[Section, ...]
    timeline: tuple[Row, ...]
    detected: Clock | None
    ended: Clock | None


@dataclass(frozen=True)
class _Part:
    """What stands below a heading of the second rank."""

    heading: str
    line: int
    tokens: Sequence[Token]


def read_body(text: str) -> Body:
    """What the Markdown says. The language is the one in which most of its headings are known."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    parts = list(_parts(tokens))
    language = max(WORDS, key=lambda each: len(_known(parts, WORDS[each])))
    words = WORDS[language]
    known = _known(parts, words)
    times = known["times"].tokens if "times" in known else ()
    return Body(
        title=next((text for rank, text, _ in _headings(tokens) if rank == "h1"), ""),
        language=language,
        sections=tuple(_section(name, part) for name, part in known.items()),
        timeline=tuple(_rows(known["timeline"].tokens, words)) if "timeline" in known else (),
        detected=_clock(times, words.detected),
        ended=_clock(times, words.ended),
    )


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[str, str, int]]:
    """Rank, text and index among the tokens."""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            yield token.tag, tokens[index + 1].content, index


def _parts(tokens: Sequence[Token]) -> Iterator[_Part]:
    ranks = [(rank, text, index) for rank, text, index in _headings(tokens) if rank in ("h1", "h2")]
    for (rank, text, index), (_, _, end) in pairwise([*ranks, ("", "", len(tokens))]):
        if rank == "h2":
            yield _Part(text, _line(tokens[index]), tokens[index + 3 : end])


def _known(parts: Sequence[_Part], words: Words) -> dict[SectionName, _Part]:
    """In the order of the document; of two with one heading the first."""
    names = {heading.casefold(): name for name, heading in words.headings.items()}
    found: dict[SectionName, _Part] = {}
    for part in parts:
        name = names.get(_NUMBER.sub("", part.heading).strip().casefold())
        if name:
            found.setdefault(name, part)
    return found


def _section(name: SectionName, part: _Part) -> Section:
    empty = not any(token.content.strip() for token in part.tokens)
    return Section(name, part.heading, part.line, empty, tuple(_items(part.tokens)))


def _items(tokens: Sequence[Token]) -> Iterator[Item]:
    for index, token in enumerate(tokens):
        if token.type == "list_item_open":
            end = next(at for at in range(index, len(tokens)) if _closes(tokens[at], token))
            inside = [each for each in tokens[index:end] if each.type == "inline"]
            names = (child.content for each in inside for child in each.children or () if child.type == "code_inline")
            yield Item(" ".join(each.content for each in inside), _line(token), tuple(names))


def _closes(token: Token, opened: Token) -> bool:
    return token.type == "list_item_close" and token.level == opened.level


def _rows(tokens: Sequence[Token], words: Words) -> Iterator[Row]:
    """Of every table of the section: time, mark, event."""
    marks = {word.casefold(): mark for mark, word in words.marks.items()}
    for index, token in enumerate(tokens):
        if token.type == "tr_open" and tokens[index + 1].type == "td_open":
            end = next(at for at in range(index, len(tokens)) if tokens[at].type == "tr_close")
            cells = [each.content.strip() for each in tokens[index:end] if each.type == "inline"]
            at, marked, text = (*cells, "", "", "")[:3]
            yield Row(seconds(at), marks.get(marked.casefold()), marked, text, _line(token))


def _clock(tokens: Sequence[Token], label: str) -> Clock | None:
    """The first line that begins with the label and a colon; the wide colon too, as Korean keyboards have it."""
    pattern = re.compile(rf"\**{re.escape(label)}\**\s*[:：]\**\s*(.*)", re.IGNORECASE)
    for token in tokens:
        for offset, text in enumerate(token.content.splitlines() if token.type == "inline" else ()):
            if match := pattern.match(text.strip()):
                return Clock(_of_day(match[1]), _line(token) + offset)
    return None


def _of_day(text: str) -> int | None:
    found = _CLOCK.search(text)
    at_s = seconds(found[0]) if found else None
    return at_s if at_s is not None and at_s < DAY_S else None


def seconds(text: str) -> int | None:
    """``00:02:45`` → 165; None where it is no time."""
    match = _CLOCK.fullmatch(text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else None


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
