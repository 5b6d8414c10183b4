"""Where a running service is, and whether load may go there."""

from __future__ import annotations

import pytest

from lab.drill.address import Address, address_of, authority
from tests.unit.drill.test_drill_rules import only, stage


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8080", Address("127.0.0.1", 8080)),
        ("http://localhost/", Address("localhost", 80)),
        ("https://[::1]", Address("::1", 443, tls=True)),
        ("http://127.8.9.1:1", Address("127.8.9.1", 1)),
    ],
)
def test_a_service_on_this_machine(url: str, address: Address) -> None:
    assert address_of(url) == address
    assert address.is_loopback


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7", "http://shop.example", "http://0.0.0.0:80", "http://localhost.example", "http://[2001:db8::1]"]
)
def test_what_is_not_loopback_by_its_name_is_not(url: str) -> None:
    assert not address_of(url).is_loopback


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:x", "http://127.0.0.1/shop", "http://u@127.0.0.1"],
)
def test_anything_else_is_told_with_what_was_expected(url: str) -> None:
    with pytest.raises(ValueError, match=r": expected http://HOST:PORT"):
        address_of(url)


def test_an_address_of_ip_6_is_bracketed() -> None:
    assert (authority("::1", 80), authority("127.0.0.1", 80)) == ("[::1]:80", "127.0.0.1:80")


@pytest.mark.parametrize(
    ("target", "more", "told"),
    [
        ("{use: shop, writes: true, url: 'http://10.0.0.7'}", "", "10.0.0.7 is not this machine, expected a service on loopback"),
        ("{use: shop, writes: true, url: 'shop'}", "", "'shop' is no URL of a service, expected http://HOST:PORT"),
        (
            "{use: shop, writes: true, url: 'http://127.0.0.1:1'}",
            "load: {executor: constant-vus, request: order, round_trip: 20ms}",
            "a round_trip of 20ms, and a target with a network of its own, expected no such key beside url",
        ),
        ("{use: shop, url: 'http://127.0.0.1:1'}", "", "the probe's request 'order' writes into a service of your own"),
        (
            "{use: shop, writes: true, url: 'http://127.0.0.1:1'}",
            "target: {slots: 3}",
            "settings for a service that the lab does not start",
        ),
        (
            "{use: shop, writes: true, url: 'http://127.0.0.1:1'}",
            "fault: crash",
            "the process of a service that the lab does not start, expected a fault and measures that need no process",
        ),
    ],
)
def test_a_running_service_is_meant_twice_and_left_as_it_is(target: str, more: str, told: str) -> None:
    text = stage(more or "rest: 0s").replace("target: {use: shop}", f"target: {target}", 1)
    assert told in only(text)
