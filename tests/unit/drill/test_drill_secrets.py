"""``${NAME}`` in requests: found with its place, put in everywhere, and never shown."""

from __future__ import annotations

import pytest

from lab.drill.model import Request
from lab.drill.secrets import Secret, SecretMissing, check, resolved, secrets

ORDER = Request(
    post="/orders/${SHOP}",
    json={"item": 1, "who": {"token": "${TOKEN}", "tags": ["a", "${SHOP}"]}},
    headers={"Authorization": "Bearer ${TOKEN}", "X-Price": "$5 {uuid}"},
)
VALUES = {"SHOP": "north", "TOKEN": "s3cr3t%d"}


def test_every_variable_is_named_with_its_place() -> None:
    assert secrets({"order": ORDER}) == [
        Secret("SHOP", "target.requests.order.post"),
        Secret("TOKEN", "target.requests.order.headers.Authorization"),
        Secret("TOKEN", "target.requests.order.json.who.token"),
        Secret("SHOP", "target.requests.order.json.who.tags[1]"),
    ]


def test_path_headers_and_body_get_the_value_and_the_rest_stays() -> None:
    order = resolved({"order": ORDER}, VALUES)["order"]
    assert order.post == "/orders/north"
    assert order.headers == {"Authorization": "Bearer s3cr3t%d", "X-Price": "$5 {uuid}"}
    assert order.json == {"item": 1, "who": {"token": "s3cr3t%d", "tags": ["a", "north"]}}


def test_a_request_without_variables_stays_as_it_is() -> None:
    plain = {"look": Request(get="/items?price=$5", headers={"X": "{key}"})}
    assert resolved(plain, {}) == plain


@pytest.mark.parametrize("value", [None, "", "two\nlines", "zero\x00", "a{uuid}b"])
def test_a_variable_that_cannot_be_used_is_named_with_its_place_and_its_value_is_not_told(value: str | None) -> None:
    values = {"TOKEN": "fine"} | ({} if value is None else {"SHOP": value})
    with pytest.raises(SecretMissing) as caught:
        check(secrets({"order": ORDER}), values)
    assert str(caught.value).startswith("${SHOP} (target.requests.order.post) ")
    assert not value or value not in str(caught.value)
