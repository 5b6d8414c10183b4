"""What requests are called that are given no name, and how many names there can be."""

from __future__ import annotations

import pytest

from lab.load.names import MOST_NAMES, Names, name_of


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "GET /"),
        ("/v2/orders/17/items?x=1", "GET /v2/orders/{id}/items"),
        ("/u/3f2504e0-4f89-41d3-9a0c-0305e82c3301", "GET /u/{id}"),
        ("/blob/deadbeef00", "GET /blob/{id}"),
        ("/cafe/spring", "GET /cafe/spring"),
    ],
)
def test_ids_are_no_part_of_a_name(path: str, name: str) -> None:
    assert name_of("GET", path) == name


def test_one_name_too_many_is_told_in_words() -> None:
    names = Names({"order": MOST_NAMES - 2})
    assert names("one more") == MOST_NAMES - 1
    assert names("order") == MOST_NAMES - 2
    with pytest.raises(ValueError, match=r"request 'another' is one name too many: expected at most 256; give calls a name"):
        names("another")
