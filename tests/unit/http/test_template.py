"""Templates against a parser that is not ours: what arrives at a server is what the drill file says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from httptools import HttpRequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.drill.model import Request
from lab.http.template import Template, uuid_of


class Parsed:
    """A request as httptools reads it."""

    def __init__(self, payload: bytes) -> None:
        self.url, self.body, self.whole = b"", b"", False
        self.headers: dict[str, str] = {}
        parser: Any = HttpRequestParser(self)
        parser.feed_data(payload)
        self.method = parser.get_method().decode()

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        assert name.lower().decode() not in self.headers
        self.headers[name.lower().decode()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole = True


NONE: Mapping[str, str] = MappingProxyType({})


def render(
    request: Request, key: int = 7, vu: int = 3, iteration: int = 5, close: bool = False, headers: Mapping[str, str] = NONE
) -> Parsed:
    template = Template(request, name="order", host="127.0.0.1:80", headers=headers)
    return Parsed(template.render(key, vu, iteration, "run-1", close))


def test_a_post_arrives_whole_with_its_json_and_its_length() -> None:
    got = render(Request(post="/orders", json={"item": 1, "sizes": ["큰", 2.5, None, True]}))
    assert (got.method, got.url, got.whole) == ("POST", b"/orders", True)
    assert json.loads(got.body) == {"item": 1, "sizes": ["큰", 2.5, None, True]}
    assert got.headers["content-type"] == "application/json"
    assert int(got.headers["content-length"]) == len(got.body)
    assert got.headers["host"] == "127.0.0.1:80"


def test_placeholders_are_filled_in_path_headers_and_json_values() -> None:
    request = Request(
        post="/a/{key}?v={vu}", json={"k": "k{key}-{iteration}", "deep": [{"u": "{uuid}"}]}, headers={"X-Key": "{uuid}"}
    )
    got = render(request)
    assert got.url == b"/a/7?v=3"
    assert json.loads(got.body) == {"k": "k7-5", "deep": [{"u": uuid_of("run-1", 7).decode()}]}
    assert got.headers["x-key"] == uuid_of("run-1", 7).decode()


def test_a_json_string_that_is_one_number_stays_a_string() -> None:
    assert json.loads(render(Request(post="/", json={"user": "{vu}"})).body) == {"user": "3"}


def test_per_cent_signs_and_other_braces_are_left_as_they_are() -> None:
    got = render(Request(post="/50%25/{other}", json={"a": "100 % %(key)d {x}"}, headers={"X": "%s {y}"}))
    assert got.url == b"/50%25/{other}"
    assert json.loads(got.body) == {"a": "100 % %(key)d {x}"}
    assert got.headers["x"] == "%s {y}"


def test_a_get_has_no_body_and_no_length() -> None:
    got = render(Request(get="/stock/한글 1"))
    assert (got.method, got.whole, got.body) == ("GET", True, b"")
    assert got.url == b"/stock/%ED%95%9C%EA%B8%80%201"
    assert "content-length" not in got.headers


def test_a_post_without_json_says_that_it_is_empty() -> None:
    assert render(Request(post="/")).headers["content-length"] == "0"


def test_close_asks_the_server_to_close() -> None:
    assert render(Request(get="/"), close=True).headers["connection"] == "close"
    assert "connection" not in render(Request(get="/")).headers


def test_headers_of_the_run_win_over_those_of_the_request_whatever_their_case() -> None:
    got = render(Request(get="/", headers={"x-lab-run": "forged", "Accept": "text/plain"}), headers={"X-Lab-Run": "run-1"})
    assert got.headers["x-lab-run"] == "run-1"
    assert got.headers["accept"] == "text/plain"


def test_mappings_that_are_no_dict_are_json_too() -> None:
    assert json.loads(render(Request(post="/", json=MappingProxyType({"a": MappingProxyType({"b": 1})}))).body) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request(get="/", post="/"),
        Request(get="orders"),
        Request(get="/a\r\nX: injected"),
        Request(get="/", headers={"X": "a\r\nY: injected"}),
        Request(get="/", headers={"not a name": "x"}),
        Request(get="/", headers={"Content-Length": "5"}),
        Request(get="/", headers={"connection": "keep-alive"}),
        Request(post="/", json={"a": float("nan")}),
    ],
)
def test_what_cannot_be_sent_is_refused(request_: Request) -> None:
    with pytest.raises(ValueError):
        render(request_)


@given(run=st.text(max_size=20), key=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_a_uuid_is_valid_and_ends_with_its_key(run: str, key: int) -> None:
    read = uuid.UUID(uuid_of(run, key).decode())
    assert read.version == 4
    assert read.int & 0xFFFFFFFF == key


def test_uuids_of_another_run_are_others() -> None:
    assert uuid_of("run-1", 7) != uuid_of("run-2", 7)


@pytest.mark.parametrize("value", ["{uuid}", "{key}", "{vu}-{uuid}", "50%", "é{uuid}"])
def test_the_length_is_that_of_the_body_whatever_is_filled_in(value: str) -> None:
    for key in (7, 4_000_000_000):
        got = render(Request(post="/orders", json={"name": value}), key=key)
        assert (int(got.headers["content-length"]), got.whole) == (len(got.body), True)
        assert "{" not in json.loads(got.body)["name"]
