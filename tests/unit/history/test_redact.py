"""What of a foreign answer is written down."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.history.model import redact
from lab.history.model.unexpected import Unexpected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"password": "hunter2", "id": 7}', '{"password": "[redacted]", "id": 7}'),
        ('{"access_token":"eyJ.abc","error":"no"}', '{"access_token":"[redacted]","error":"no"}'),
        ('{"api-key": 12345}', '{"api-key": "[redacted]"}'),
        ('{"client_secret": "cut off in the midd', '{"client_secret": "[redacted]"'),
        ('{"session_id": "a\\"b", "n": 1}', '{"session_id": "[redacted]", "n": 1}'),
        ("user=7&passwd=x%20y&next=/", "user=7&passwd=[redacted]&next=/"),
        ("error: Authorization: Bearer abcdef123456 refused", "error: Authorization: Bearer [redacted] refused"),
        ('{"error": "database is locked"}', '{"error": "database is locked"}'),
        ("a\x1b[31mred\x07", "a\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_credentials_and_control_characters_are_not(text: str, kept: str) -> None:
    assert redact.body(text) == kept


@pytest.mark.parametrize("name", ["Authorization", "Set-Cookie", "cookie", "X-Api-Key", "X-Auth-Token", "Proxy-Authorization"])
def test_headers_that_carry_credentials_are_hidden(name: str) -> None:
    assert redact.headers({name: "abc", "Content-Type": "text/html"}) == {name: "[redacted]", "Content-Type": "text/html"}


@given(st.text(max_size=5000))
def test_no_body_is_longer_than_it_may_be_or_drives_a_terminal(text: str) -> None:
    kept = redact.body(text)
    assert len(kept) <= redact.MOST_BYTES + 100 * len(redact.HIDDEN)
    assert all(char.isprintable() or char in "\n\t" for char in kept)


def test_an_unexpected_answer_survives_its_line() -> None:
    found = Unexpected.redacted(
        headers={"Set-Cookie": "s=1"}, body=b'{"token": "t"}\xff', t_ns=5, scenario=1, request=2, vu=3, outcome=6, status=500
    )
    assert Unexpected.from_json(found.to_json()) == found
    assert (found.headers, json.loads(found.to_json())["status"]) == ({"Set-Cookie": "[redacted]"}, 500)
    with pytest.raises(ValueError, match="not an unexpected answer"):
        Unexpected.from_json('{"x": 1}')
