"""``${NAME}`` in a request: a variable of the caller's environment, put in where the request is sent and stored nowhere.

A drill, and with it ``drill.json``, holds the name; the value goes from the environment of ``lab`` to the runner's and
from there into the bytes of the requests. Target and proxy do not get it: they would be free to log it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lab.drill.model import Request

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f]|\{(uuid|key|vu|iteration)\}")


@dataclass(frozen=True)
class Secret:
    """``place``: ``target.requests.order.headers.Authorization``."""

    name: str
    place: str


class SecretMissing(ValueError):
    """A variable that a request names cannot be used; the text never holds its value."""


def secrets(requests: Mapping[str, Request]) -> list[Secret]:
    """Every variable that the requests name, with each place."""
    return [
        Secret(match[1], f"target.requests.{name}.{place}")
        for name, request in requests.items()
        for place, text in _texts(request)
        for match in _VARIABLE.finditer(text)
    ]


def check(wanted: list[Secret], values: Mapping[str, str]) -> None:
    """Raises SecretMissing for the first that is not there, is empty, or would be no plain text in a request."""
    for secret in wanted:
        where = f"${{{secret.name}}} ({secret.place})"
        if not values.get(secret.name):
            raise SecretMissing(f"{where} is not in the environment")
        if _UNFIT.search(values[secret.name]):
            raise SecretMissing(f"{where} holds a line break, another control character, or a placeholder such as {{key}}")


def resolved(requests: Mapping[str, Request], values: Mapping[str, str]) -> dict[str, Request]:
    """The requests with every variable put in; keep them in memory. Raises SecretMissing."""
    check(secrets(requests), values)

    def put_in(text: str) -> str:
        return _VARIABLE.sub(lambda match: values[match[1]], text)

    return {name: _mapped(request, put_in) for name, request in requests.items()}


def _mapped(request: Request, change: Callable[[str], str]) -> Request:
    return replace(
        request,
        post=None if request.post is None else change(request.post),
        get=None if request.get is None else change(request.get),
        headers={name: change(value) for name, value in request.headers.items()},
        json=None if request.json is None else _in_json(request.json, change),
    )


def _in_json(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _in_json(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_in_json(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _texts(request: Request) -> Iterator[tuple[str, str]]:
    yield from ((key, path) for key, path in (("post", request.post), ("get", request.get)) if path is not None)
    yield from ((f"headers.{name}", value) for name, value in request.headers.items())
    yield from _json_texts(request.json, "json")


def _json_texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for step, each in steps:
        yield from _json_texts(each, f"{place}[{step}]" if isinstance(step, int) else f"{place}.{step}")
